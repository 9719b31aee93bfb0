/* The findings of an answer in their order, and the one in view. */
import { addField, changed, pageSettings, present, state } from "./00-core.js";
import { modelFacts, modelLabels } from "./12-model.js";
import { rowInView } from "./13-films.js";
import { settledThreshold, threshold } from "./14-cuts.js";
import { answerKey, answerOf } from "./15-answers.js";
import { scale } from "./20-statistics.js";
import * as prevalence from "./21-prevalence.js";

const chosen = /** @type {Map<string, string>} */ (new Map()); // "model/film" -> label key, where the reader chose one
addField("chosenLabels", chosen);

/** Labels with their probability and how far above (or below) their cut, best first by settled cuts.
 * @param {Pick<Answer, "probabilities">} answer
 * @returns {Finding[]}
 */
function rank(answer) {
  return modelLabels()
    .map((one) => {
      // what is called, and in which order, hangs on the model's own scale; what is read, on the reader's prevalence
      const own = answer.probabilities[one.key];
      const cut = threshold(one.key);
      return {
        ...one,
        ...prevalence.shown(answer, one.key),
        above: own >= cut,
        margin: scale(own) - scale(cut),
        settledMargin: scale(own) - scale(settledThreshold(one.key)),
      };
    })
    .sort((a, b) => b.settledMargin - a.settledMargin);
}

/** Of findings in their order, those to check: the one count of headline, rows, list and paper. A label that only sums
 * up the others counts where it stands alone.
 * @param {Finding[]} findings
 * @returns {Finding[]}
 */
function toCheck(findings) {
  const worrying = findings.filter((one) => one.above && !one.reassuring);
  const specific = worrying.filter((one) => !one.summary);
  return specific.length ? specific : worrying;
}

/** Above its cut, and by so little that another film of the same chest may fall below.
 * @param {Finding} one
 * @returns {boolean}
 */
const borderline = (one) => one.above && one.margin < pageSettings().rules.borderline_margin;

/** Under what a choice is kept; films that the server does not keep yet share one. */
const choiceKey = () => answerKey(modelFacts().id, rowInView()?.film ?? "");

/** The label the reader chose on this film, else the one furthest above its cut.
 * @returns {string | null}
 */
function labelInView() {
  if (!state.facts) return null;
  const own = chosen.get(choiceKey());
  if (own) return own;
  const answer = answerOf(rowInView());
  if (!answer || answer.error) return modelLabels()[0].key;
  const order = rank(answer);
  return (order.find((one) => !one.summary && one.settledMargin >= 0) || order[0]).key;
}

/** The same where a model is in force, as it is wherever its panel stands.
 * @returns {string}
 * @throws {Error} where none is
 */
const labelAtHand = () => present(labelInView(), "label in view");

/** @param {string} labelKey */
function chooseLabel(labelKey) {
  chosen.set(choiceKey(), labelKey);
  changed();
}

/** As [id, label key], from before the page came again.
 * @param {[string, string][]} kept
 */
const recallLabels = (kept) => kept.forEach(([id, labelKey]) => chosen.set(id, labelKey));

export { rank, toCheck, borderline, labelInView, labelAtHand, chooseLabel, recallLabels };
