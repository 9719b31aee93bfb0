/* The page about the model, "at your threshold": held-out films counted at the threshold of the chosen label. */
import { element, inside, painters, setText, state } from "../0-core/00-core.js";
import { interval, lower, percent, plural, t } from "../0-core/10-words.js";
import { defaultThreshold, modelFacts, modelLabels, nameOf } from "../0-core/12-model.js";
import { setThresholds, threshold } from "../0-core/14-cuts.js";
import { atOrAbove, scale, unscale, wilson } from "../0-core/20-statistics.js";
import * as called from "../0-core/24-called.js";
import * as modelPage from "./67-model-page.js";

const STEPS = 1000;

/** The four counts of one split. A film at the cut is called.
 * @param {Sides} held
 * @param {string} label
 * @param {number} cut
 * @returns {Counts}
 */
function countsAt(held, label, cut) {
  const [positives, negatives] = [held.positives[label], held.negatives[label]];
  const found = atOrAbove(positives, cut);
  const alarms = atOrAbove(negatives, cut);
  return { found, missed: positives.length - found, alarms, cleared: negatives.length - alarms };
}

/** A count large, and behind it what it counts: "12 false alarms".
 * @type {(counts: Counts, name: keyof Counts, words: Record<keyof Counts, string>, className: string) => HTMLElement} */
function number(counts, name, words, className) {
  const value = String(counts[name]);
  const rest = words[name].split(value).map((part) => part.trim()).filter(Boolean).join(" ");
  return element("td", { class: className, "data-count": name }, [element("strong", { text: value }), element("span", { text: rest })]);
}

/** @type {(name: string, title: string, part: number, total: number) => HTMLElement} */
function rate(name, title, part, total) {
  const text = total ? percent(part / total) : "–";
  return element("td", { class: "rate", "data-rate": name }, [
    element("span", { text: title }), element("strong", { text }), element("span", { text: interval(wilson(part, total)) }),
  ]);
}

/** The matrix with its margins: sensitivity and specificity below, predictive values beside.
 * @type {(counts: Counts, label: string) => HTMLElement} */
function matrix(counts, label) {
  const name = nameOf(label);
  const words = called.words(counts, label);
  const { found, missed, alarms, cleared } = counts;
  /** @param {number} count */
  const films = (count) => plural("{n} film", "{n} films", count);
  /** @type {(text: string, scope: string, more: string) => HTMLElement} */
  const head = (text, scope, more) => element("th", { scope }, [element("span", { text }), element("small", { text: more })]);
  return element("table", {}, [
    element("caption", { class: "hidden-label", text: t("Confusion matrix of {name}", { name }) }),
    element("thead", {}, [element("tr", {}, [
      element("td"),
      head(called.reassuring(label) ? name : t("with it"), "col", films(found + missed)),
      head(called.reassuring(label) ? t("not {name}", { name: lower(name) }) : t("without it"), "col", films(alarms + cleared)),
      element("td"),
    ])]),
    element("tbody", {}, [
      element("tr", {}, [
        head(t("called"), "row", films(found + alarms)),
        number(counts, "found", words, "right"), number(counts, "alarms", words, "wrong"), rate("ppv", t("PPV"), found, found + alarms),
      ]),
      element("tr", {}, [
        head(t("not called"), "row", films(missed + cleared)),
        number(counts, "missed", words, "wrong"), number(counts, "cleared", words, "right"), rate("npv", t("NPV"), cleared, missed + cleared),
      ]),
      element("tr", {}, [
        element("td"),
        rate("sensitivity", t("Sensitivity"), found, found + missed),
        rate("specificity", t("Specificity"), cleared, alarms + cleared),
        element("td"),
      ]),
    ]),
  ]);
}

const controls = /** @type {WeakMap<HTMLElement, ReturnType<typeof control>>} */ (new WeakMap());

/** The same slider as beside the film: moving it here moves it there.
 * @param {HTMLElement} node
 */
function control(node) {
  const slider = element("input", { type: "range", min: 0, max: STEPS, id: "card-cut-slider" });
  slider.addEventListener("input", () =>
    setThresholds({ [modelPage.label()]: unscale(Number(slider.value) / STEPS) }));
  const reset = element("button", { class: "link", type: "button", onclick: () => {
    const label = modelPage.label();
    setThresholds({ [label]: defaultThreshold(label) });
  } });
  const parts = { name: element("label", { for: "card-cut-slider" }), slider, value: element("output"), reset };
  node.replaceChildren(...Object.values(parts));
  controls.set(node, parts);
  return parts;
}

/** @type {(node: HTMLElement, name: string, cut: number, usual: number) => void} */
function paintControl(node, name, cut, usual) {
  const { name: title, slider, value, reset } = controls.get(node) || control(node);
  setText(title, t("Threshold for {name}", { name }));
  setText(value, percent(cut));
  setText(reset, t("back to {cut}", { cut: percent(usual) }));
  reset.hidden = Math.abs(cut - usual) < 1e-9;
  slider.setAttribute("aria-valuetext", percent(cut));
  const place = Math.round(scale(cut) * STEPS);
  if (Number(slider.value) !== place) slider.value = String(place);
  slider.style.setProperty("--share", String(place / STEPS));
}

/** @type {(node: HTMLElement, label: string, cut: number) => void} */
function paintSplit(node, label, cut) {
  const held = modelFacts().held_out.find((one) => one.split === node.dataset.split);
  if (!held) return;
  const counts = countsAt(held, label, cut);
  const { found, missed, alarms, cleared } = counts;
  const shown = [label, found, missed, alarms, cleared].join("|");
  if (node.dataset.shown !== shown) {
    node.dataset.shown = shown;
    node.replaceChildren(matrix(counts, label));
  }
  const [sensitivity, alarmed] = [found / (found + missed), alarms / (alarms + cleared)];
  modelPage.moveMarks(held.split, {
    roc: [alarmed, sensitivity],
    precision: [sensitivity, found + alarms ? found / (found + alarms) : null],
  });
}

painters.push(function paint() {
  if (!state.facts || !modelPage.isOpen()) return;
  const splits = document.querySelectorAll(`.confusion[data-model="${state.facts.id}"]`);
  const label = modelPage.label();
  if (!splits.length || !modelLabels().some((one) => one.key === label)) return;
  const cut = threshold(label);
  paintControl(inside(document, ".card-cut-control"), nameOf(label), cut, defaultThreshold(label));
  for (const node of splits) paintSplit(node, label, cut);
});

export { countsAt };
