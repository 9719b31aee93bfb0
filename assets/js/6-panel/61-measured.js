/* Beside the cut: how common its finding is here, and which held-out films it is counted on. */
import { changed, element, inside, present, setText } from "../0-core/00-core.js";
import { decimal, lower, percent, plural, t } from "../0-core/10-words.js";
import { modelFacts, nameOf } from "../0-core/12-model.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { labelAtHand } from "../0-core/22-ranked.js";
import * as heldOut from "../0-core/23-held-out.js";
import { prevalence as inForce, split, splitIndex, splitName } from "../0-core/23-held-out.js";
import * as choices from "./60-choices.js";

let made = /** @type {ReturnType<typeof makeFields> | null} */ (null);
const nodes = () => present(made, "fields of the prevalence");
let painted = ""; // the label whose prevalence the field holds

const [LEAST, MOST] = prevalence.FIELD.map((share) => 100 * share); // per cent, as the field says

/** Per cent as people write it, with the decimal sign of either language; a number field takes only its browser's own.
 * @param {string} text
 */
const written = (text) => (/^\d*[.,]?\d*$/.test(text) && /\d/.test(text) ? Number(text.replace(",", ".")) : NaN);

/** What is outside is refused where the reader sees it, and the share in force stays.
 * @param {HTMLInputElement} input
 */
function setPrevalence(input) {
  const text = input.value.trim();
  const value = written(text);
  const fits = value >= LEAST && value <= MOST;
  refuse(!fits && text !== "");
  if (!fits) return;
  const share = value / 100;
  prevalence.set(labelAtHand(), share);
  choices.keep();
  changed();
}

/** @param {boolean} wrong */
function refuse(wrong) {
  const { input, refused } = nodes();
  input.setAttribute("aria-invalid", String(wrong));
  refused.hidden = !wrong;
  setText(refused, wrong
    ? t("Not taken: between {least} and {most} is possible. {share} stays in force.", {
        least: percent(LEAST / 100), most: percent(MOST / 100), share: percent(inForce(labelAtHand())),
      })
    : "");
}

function forgetPrevalence() {
  refuse(false);
  prevalence.forget(labelAtHand());
  choices.keep();
  changed();
}

/** @param {HTMLElement} panel */
const build = (panel) => void (made = makeFields(panel));

/** @param {HTMLElement} panel */
function makeFields(panel) {
  const input = element("input", {
    type: "text", id: "prevalence-input", inputmode: "decimal", autocomplete: "off",
    "aria-describedby": "prevalence-refused",
  });
  const refused = element("p", { class: "prevalence-refused", id: "prevalence-refused", role: "alert", hidden: true });
  input.addEventListener("input", () => setPrevalence(input));
  const known = element("button", { class: "link", type: "button", onclick: () => forgetPrevalence() });
  const stated = element("p", { class: "prevalence-stated", id: "prevalence-stated" });
  inside(panel, "#prevalence").append(
    element("label", { for: "prevalence-input", text: t("How common is it here?") }),
    element("span", { class: "unit" }, [input, element("span", { text: "%" })]),
    known,
    refused,
    stated,
  );
  return { input, known, refused, stated, measured: buildMeasured(inside(panel, "#measured-on")) };
}

/** @param {HTMLElement} node */
function buildMeasured(node) {
  const { held_out: splits } = modelFacts();
  const text = element("span");
  const select = element("select", { "aria-label": t("Measured on") });
  select.addEventListener("change", () => {
    heldOut.choose(Number(select.value));
    choices.keep();
    changed();
  });
  splits.forEach((held, index) => {
    select.append(element("option", { value: String(index), text: splitName(held.split) }));
  });
  const choice = element("span", {}, [element("span", { text: t("Measured on") }), select]);
  choice.hidden = splits.length < 2;
  node.append(choice, text);
  return { text, select };
}

/** @param {string} label */
function paint(label) {
  paintPrevalence(label);
  const held = split(label);
  const [count, total] = [held.positives[label].length, held.positives[label].length + held.negatives[label].length];
  const values = { total, name: lower(nameOf(label)), split: splitName(held.split) };
  const { select, text } = nodes().measured;
  select.value = String(splitIndex(label));
  setText(text, measuredInWords(count, values));
  text.title = held.description;
}

/** @param {string} label */
function paintPrevalence(label) {
  const { input, refused, known: back, stated } = nodes();
  const { held_out: splits, calibrated_at: films } = modelFacts();
  const share = inForce(label);
  if (painted !== label) refuse(false); // what was refused was said of another finding
  painted = label;
  if (document.activeElement !== input && refused.hidden) input.value = decimal(100 * share, share < 0.1 ? 1 : 0);
  const moved = prevalence.isOwn(label);
  back.hidden = !moved;
  const known = { split: splitName(splits[0].split), share: percent(prevalence.stated(label)) };
  setText(back, films
    ? t("as the model states it: {share}", known)
    : t("as in the held-out films ({split}): {share}", known));
  setText(stated, moved
    ? t("Probability and threshold of {name} are stated at this prevalence.", { name: lower(nameOf(label)) })
    : films
      ? t("Probabilities are stated at the prevalence in {films}.", { films })
      : "");
}

/** Which films, how many of them; with a choice of splits, the split's name stands in the box before.
 * @type {(count: number, values: Record<string, unknown>) => string} */
function measuredInWords(count, values) {
  const { exclusive, held_out: splits } = modelFacts();
  if (exclusive) {
    return splits.length < 2
      ? plural("Measured on {total} held-out films ({split}), {n} of this class; 95 % intervals.",
          "Measured on {total} held-out films ({split}), {n} of this class; 95 % intervals.", count, values)
      : plural("{total} films, {n} of this class; 95 % intervals.",
          "{total} films, {n} of this class; 95 % intervals.", count, values);
  }
  return splits.length < 2
    ? plural("Measured on {total} held-out films ({split}), {n} with {name}; 95 % intervals.",
        "Measured on {total} held-out films ({split}), {n} with {name}; 95 % intervals.", count, values)
    : plural("{total} films, {n} with {name}; 95 % intervals.",
        "{total} films, {n} with {name}; 95 % intervals.", count, values);
}

export { build, paint };
