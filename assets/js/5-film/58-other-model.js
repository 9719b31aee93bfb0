/* What another model says of the film in view: asked for once, when the reader compares two models. */
import { changed, present, state } from "../0-core/00-core.js";
import { percent, t } from "../0-core/10-words.js";
import { answerKey, figuresShown, hear, hidden } from "../0-core/15-answers.js";
import * as requests from "../0-core/16-requests.js";
import * as statistics from "../0-core/20-statistics.js";
import * as analysis from "../3-list/30-analysis.js";
import * as look from "./50-look.js";

const facts = /** @type {Map<string, OtherFacts>} */ (new Map()); // by model
const problems = /** @type {Map<string, string>} */ (new Map()); // "model/film" -> what the server said instead
const asked = /** @type {Set<string>} */ (new Set());
/** @param {string} model */
const factsOf = (model) => present(facts.get(model), `answer of ${model}`);

/** @type {(model: string, item: Kept) => Promise<void>} */
async function ask(model, item) {
  const id = answerKey(model, item.film);
  if (asked.has(id)) return;
  asked.add(id);
  problems.delete(id);
  try {
    const reply = await requests.ask(`/films/${item.film}/${model}/answer.json`);
    if (!reply.ok) throw new Error(await analysis.refused(reply, item.film));
    const found = await reply.json();
    facts.set(model, found.facts);
    hear(found.answer);
  } catch (error) {
    problems.set(id, requests.unanswered(error) ? t("The server does not answer.") : error instanceof Error ? error.message : String(error));
    asked.delete(id);
  }
  changed();
}

/** @type {(model: string, label: string) => number} */
function cutOf(model, label) {
  const moved = state.thresholds[model];
  return moved && label in moved ? moved[label] : factsOf(model).thresholds[label];
}

/** The label of the same name where both have it, else the reader's choice, else the one furthest above its cut.
 * @type {(model: string, one: Pane, compare: Comparison, answer: Answer | null) => string} */
function labelOf(model, one, compare, answer) {
  const known = factsOf(model).labels.map(({ key }) => key);
  if (one.label && known.includes(one.label)) return one.label;
  if (compare.otherLabel && known.includes(compare.otherLabel)) return compare.otherLabel;
  if (!answer) return known[0];
  const { scale } = statistics;
  /** @param {string} key */
  const margin = (key) => scale(answer.probabilities[key]) - scale(cutOf(model, key));
  return [...known].sort((a, b) => margin(b) - margin(a))[0];
}

/**
 * @param {Kept} item
 * @param {Pane} one
 * @param {Comparison} compare
 * @param {HTMLOptionElement[]} models
 * @returns {Pane | null}
 */
function pane(item, one, compare, models) {
  const offered = models.find(({ value }) => value === compare.model);
  const chosen = offered ?? models[0];
  if (!offered) look.compare({ model: chosen ? chosen.value : null });
  if (!chosen) return null;
  const { value: model, text: title } = chosen;
  const id = answerKey(model, item.film);
  const answer = state.answers.get(id);
  if (!problems.has(id) && !hidden(item) && (!facts.has(model) || !answer)) ask(model, item);
  const empty = { item, answer: null, heat: state.view.heat, label: null, name: "", cut: 1, other: true, model: title };
  const known = facts.get(model);
  if (!known || !answer) return { ...empty, problem: problems.get(id) || t("Asking this model…") };
  const shown = figuresShown(item, answer) ? answer : null; // the finding furthest above its cut is an answer too
  const label = labelOf(model, one, compare, shown);
  return {
    ...empty, label, cut: cutOf(model, label), name: known.labels.find(({ key }) => key === label)?.name ?? label,
    answer: shown, problem: refusal(answer),
    model: t("{model}, version {version}", { model: title, version: known.version }),
  };
}

/** @param {Heard} answer */
function refusal(answer) {
  if (answer.error) return answer.error.message;
  return answer.quality.verdict === "reject" ? t("This model refused the film. {reasons}", { reasons: answer.quality.reasons.join(" ") }) : "";
}

/** Finding, probability and cut in a line; or why there is none.
 * @param {Pane} pane
 * @returns {string}
 */
function sentence({ answer, label, name, cut, problem, item }) {
  if (hidden(item)) return t("Hidden until you have given your own reading.");
  if (!answer || !label) return problem || t("No figures to show for this film.");
  const values = { finding: name, probability: percent(answer.probabilities[label]), cut: percent(cut) };
  const said = answer.probabilities[label] >= cut
    ? t("{finding} {probability}, above its threshold of {cut}", values)
    : t("{finding} {probability}, below its threshold of {cut}", values);
  return [...(answer.quality.first_of_all || []), said].join(" ");
}

/** Findings to choose from where the other model has none of the same name.
 * @param {Pane} shown
 * @param {Pane} one
 * @param {Comparison} compare
 * @returns {[[string, string][], string]}
 */
function labels(shown, one, compare) {
  const known = compare.kind === "model" && compare.model ? facts.get(compare.model) : null;
  if (!known || known.labels.some(({ key }) => key === one.label)) return [[], ""];
  return [known.labels.map(({ key, name }) => [key, name]), shown.label ?? ""];
}

export { pane, sentence, labels };
