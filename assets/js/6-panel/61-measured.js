/* Beside the cut: how common its finding is here, and which held-out films it is counted on. */
import { changed, element, setText, state } from "../0-core/00-core.js";
import { decimal, lower, percent, plural, t } from "../0-core/10-words.js";
import { nameOf } from "../0-core/12-model.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { labelInView } from "../0-core/22-ranked.js";
import * as heldOut from "../0-core/23-held-out.js";
import { prevalence as inForce, split, splitIndex, splitName } from "../0-core/23-held-out.js";
import * as choices from "./60-choices.js";

let nodes = null;
let painted = null; // the label whose prevalence the field holds

const [LEAST, MOST] = prevalence.FIELD.map((share) => 100 * share); // per cent, as the field says

/* Per cent as people write it, with the decimal sign of either language; a number field takes only its browser's own. */
const written = (text) => (/^\d*[.,]?\d*$/.test(text) && /\d/.test(text) ? Number(text.replace(",", ".")) : NaN);

/* What is outside is refused where the reader sees it, and the share in force stays. */
function setPrevalence(input) {
  const text = input.value.trim();
  const value = written(text);
  const fits = value >= LEAST && value <= MOST;
  refuse(!fits && text !== "");
  if (!fits) return;
  const share = value / 100;
  prevalence.set(labelInView(), share);
  choices.keep();
  changed();
}

function refuse(wrong) {
  nodes.input.setAttribute("aria-invalid", String(wrong));
  nodes.refused.hidden = !wrong;
  setText(nodes.refused, wrong
    ? t("Not taken: between {least} and {most} is possible. {share} stays in force.", {
        least: percent(LEAST / 100), most: percent(MOST / 100), share: percent(inForce(labelInView())),
      })
    : "");
}

function forgetPrevalence() {
  refuse(false);
  prevalence.forget(labelInView());
  choices.keep();
  changed();
}

/** @param {HTMLElement} panel */
function build(panel) {
  const input = element("input", {
    type: "text", id: "prevalence-input", inputmode: "decimal", autocomplete: "off",
    "aria-describedby": "prevalence-refused",
  });
  const refused = element("p", { class: "prevalence-refused", id: "prevalence-refused", role: "alert", hidden: true });
  input.addEventListener("input", () => setPrevalence(input));
  const known = element("button", { class: "link", type: "button", onclick: () => forgetPrevalence() });
  const stated = element("p", { class: "prevalence-stated", id: "prevalence-stated" });
  panel.querySelector("#prevalence").append(
    element("label", { for: "prevalence-input", text: t("How common is it here?") }),
    element("span", { class: "unit" }, [input, element("span", { text: "%" })]),
    known,
    refused,
    stated,
  );
  nodes = { input, known, refused, stated, measured: buildMeasured(panel.querySelector("#measured-on")) };
}

function buildMeasured(node) {
  const text = element("span");
  const select = element("select", { "aria-label": t("Measured on") });
  select.addEventListener("change", () => {
    heldOut.choose(Number(select.value));
    choices.keep();
    changed();
  });
  state.facts.held_out.forEach((held, index) => {
    select.append(element("option", { value: String(index), text: splitName(held.split) }));
  });
  const choice = element("span", {}, [element("span", { text: t("Measured on") }), select]);
  choice.hidden = state.facts.held_out.length < 2;
  node.append(choice, text);
  return { text, select };
}

/** @param {string} label */
function paint(label) {
  paintPrevalence(label);
  const held = split(label);
  const [count, total] = [held.positives[label].length, held.positives[label].length + held.negatives[label].length];
  const values = { total, name: lower(nameOf(label)), split: splitName(held.split) };
  nodes.measured.select.value = String(splitIndex(label));
  setText(nodes.measured.text, measuredInWords(count, values));
  nodes.measured.text.title = held.description;
}

function paintPrevalence(label) {
  const share = inForce(label);
  if (painted !== label) refuse(false); // what was refused was said of another finding
  painted = label;
  if (document.activeElement !== nodes.input && nodes.refused.hidden) nodes.input.value = decimal(100 * share, share < 0.1 ? 1 : 0);
  const moved = prevalence.isOwn(label);
  nodes.known.hidden = !moved;
  const known = { split: splitName(state.facts.held_out[0].split), share: percent(prevalence.stated(label)) };
  setText(nodes.known, state.facts.calibrated_at
    ? t("as the model states it: {share}", known)
    : t("as in the held-out films ({split}): {share}", known));
  setText(nodes.stated, moved
    ? t("Probability and threshold of {name} are stated at this prevalence.", { name: lower(nameOf(label)) })
    : state.facts.calibrated_at
      ? t("Probabilities are stated at the prevalence in {films}.", { films: state.facts.calibrated_at })
      : "");
}

/* Which films, how many of them; with a choice of splits, the split's name stands in the box before. */
function measuredInWords(count, values) {
  if (state.facts.exclusive) {
    return state.facts.held_out.length < 2
      ? plural("Measured on {total} held-out films ({split}), {n} of this class; 95 % intervals.",
          "Measured on {total} held-out films ({split}), {n} of this class; 95 % intervals.", count, values)
      : plural("{total} films, {n} of this class; 95 % intervals.",
          "{total} films, {n} of this class; 95 % intervals.", count, values);
  }
  return state.facts.held_out.length < 2
    ? plural("Measured on {total} held-out films ({split}), {n} with {name}; 95 % intervals.",
        "Measured on {total} held-out films ({split}), {n} with {name}; 95 % intervals.", count, values)
    : plural("{total} films, {n} with {name}; 95 % intervals.",
        "{total} films, {n} with {name}; 95 % intervals.", count, values);
}

export { build, paint };
