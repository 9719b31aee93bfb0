/* Where to cut: chips, slider, keys, and what follows from them. All of it without a request. */
import { around, byId, changed, element, inside, onKey, painters, present, setText, state } from "../0-core/00-core.js";
import { interval, lower, N_, pair, percent, plural, t } from "../0-core/10-words.js";
import { defaultThreshold, modelFacts, modelLabels, nameOf, point } from "../0-core/12-model.js";
import { rowInView } from "../0-core/13-films.js";
import { isOwnCut, setThresholds, threshold } from "../0-core/14-cuts.js";
import { answerOf, figuresShown } from "../0-core/15-answers.js";
import * as statistics from "../0-core/20-statistics.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { labelAtHand } from "../0-core/22-ranked.js";
import * as heldOut from "../0-core/23-held-out.js";
import * as called from "../0-core/24-called.js";
import * as choices from "./60-choices.js";
import * as dots from "./60-dots.js";
import * as measured from "./61-measured.js";

const STEPS = 1000; // of the slider, on the angular scale
const KEY_STEP = 10; // of them for one press of [ or ]
let made = /** @type {ReturnType<typeof makeNodes> | null} */ (null);
const nodes = () => present(made, "panel of the threshold");

/** @param {HTMLElement} panel */
function build(panel) {
  made = makeNodes(panel);
  measured.build(panel);
  new ResizeObserver(() => changed()).observe(inside(panel, "#dots"));
}

/** @param {HTMLElement} panel */
function makeNodes(panel) {
  const slider = element("input", {
    type: "range", min: "1", max: String(STEPS - 1), step: "1", id: "cut-range", "aria-label": t("Threshold"),
  });
  slider.addEventListener("input", () => cutAt(Number(slider.value)));
  inside(panel, "#cut-slider").append(slider);
  const alone = element("button", {
    class: "link", type: "button", id: "cut-alone", text: t("Presets for this finding only"),
    title: t("A preset sets the thresholds of all findings; pressed, only that of the finding in view"), "aria-pressed": "false",
  });
  alone.addEventListener("click", () => {
    const wanted = alone.getAttribute("aria-pressed") !== "true";
    alone.setAttribute("aria-pressed", String(wanted));
  });
  // cuts that belong together cannot be set one by one
  alone.hidden = modelLabels().length < 2 || modelFacts().operating_points.every((item) => item.joint);
  inside(panel, ".chips").append(alone);
  inside(panel, ".chips").addEventListener("click", (event) => {
    const chip = around(event, "[data-point]");
    if (chip) choosePoint(point(chip.dataset.point), labelAtHand());
  });
  const drawing = element("canvas", { role: "img" });
  inside(panel, "#dots").append(drawing);
  return { panel, slider, alone, dots: drawing, own: buildOwn(inside(panel, "#own-cut"), slider) };
}

/** @type {(node: HTMLElement, slider: HTMLElement) => { text: HTMLElement, back: HTMLElement }} */
function buildOwn(node, slider) {
  const text = element("span");
  const back = element("button", {
    class: "link", type: "button", id: "cut-defaults", text: t("Back to the defaults"),
    title: t("All thresholds of this model, how common each finding is, and the films it is measured on"),
    onclick: () => {
      choices.forget();
      slider.focus(); // the button goes with what it undid
    },
  });
  node.append(text, back);
  return { text, back };
}

/** A threshold of 0 or 1 says that the films could not give this operating point.
 * @param {number} cut
 */
const attainable = (cut) => cut > 0 && cut < 1;

/** Set the cut of the label in view to a place on the slider.
 * @param {number} position
 */
function cutAt(position) {
  const held = Math.min(STEPS - 1, Math.max(1, position));
  setThresholds({ [labelAtHand()]: statistics.unscale(held / STEPS) });
}

/** @param {number} steps */
function nudge(steps) {
  if (inView()) cutAt(Math.round(statistics.scale(threshold(labelAtHand())) * STEPS) + steps);
}

/* The next preset that the films could give; from a cut of the reader's own, the first. */
function nextPoint() {
  if (!inView()) return;
  const label = labelAtHand();
  const points = modelFacts().operating_points.filter((item) => attainable(item.thresholds[label]));
  if (!points.length) return;
  const index = points.findLastIndex((item) => activePoints(label).includes(item));
  choosePoint(points[(index + 1) % points.length], label);
}

/** A preset is one for all findings, as far as the films could give it; by itself where the reader said so. The cuts of a
 * joint point belong together always: they were chosen by what all of them do to a film.
 * @type {(item: OperatingPoint, label: string) => void} */
function choosePoint(item, label) {
  if (item.joint) return setThresholds(item.thresholds);
  if (nodes().alone.getAttribute("aria-pressed") === "true") return setThresholds({ [label]: item.thresholds[label] });
  return setThresholds(Object.fromEntries(Object.entries(item.thresholds).filter(([, value]) => attainable(value))));
}

const inView = () => Boolean(made && state.facts && made.panel.isConnected && !byId("figures").hidden);

/** @param {string} label */
function activePoints(label) {
  const now = threshold(label);
  return modelFacts().operating_points.filter((item) => Math.abs(item.thresholds[label] - now) < 1e-9);
}

/** @param {string} label */
function paintChips(label) {
  const active = activePoints(label);
  const { panel } = nodes();
  for (const chip of /** @type {NodeListOf<HTMLButtonElement>} */ (panel.querySelectorAll("[data-point]"))) {
    const item = point(chip.dataset.point);
    chip.setAttribute("aria-pressed", String(active.includes(item)));
    chip.disabled = !attainable(item.thresholds[label]);
    const name = item.short || item.name;
    setText(chip, chip.disabled ? t("{name}: not attainable", { name }) : name);
  }
  const more = /** @type {HTMLDetailsElement | null} */ (panel.querySelector(".chips-more"));
  // a preset in force is in sight
  if (more && active.length && active.every((item) => item.more) && more.dataset.opened !== label) {
    more.open = true;
    more.dataset.opened = label;
  }
}

/** @type {(key: string, name: string, figure: Figure) => void} */
function paintFigure(key, name, figure) {
  const cell = inside(nodes().panel, `[data-figure="${key}"]`);
  setText(cell.querySelector(".four-name"), name);
  setText(cell.querySelector(".four-value"), percent(figure.value));
  setText(cell.querySelector(".four-interval"), Number.isFinite(figure.value) ? interval(figure.interval) : ""); // no figure, no interval
}

/** @type {(counts: Counts | null, share: number, label: string) => void} */
function paintThousand(counts, share, label) {
  const { dots: canvas } = nodes();
  const sentence = byId("thousand");
  if (!counts) {
    setText(sentence, t("Too few held-out films to say what follows from this threshold."));
    dots.draw(canvas, null);
    return;
  }
  /** @type {Record<string, string>} */
  const parts = called.forPatients(called.words(counts, label), label);
  const whole = t("Of 1,000 patients like these: {found}, {missed}, {alarms}, {cleared}.");
  const pieces = whole.split(/\{(\w+)\}/); // text, field, text, field, …
  sentence.replaceChildren(
    ...pieces.map((piece, index) => (index % 2 ? element("b", { class: piece, text: parts[piece] }) : piece)),
  );
  sentence.dataset.prevalence = String(share);
  dots.draw(canvas, called.forPatients(counts, label));
  canvas.setAttribute("aria-label", sentence.textContent);
}

function paint() {
  if (!made || !made.panel.isConnected || !state.facts || made.panel.dataset.model !== state.facts.id) return;
  const { slider } = made;
  const label = labelAtHand();
  const cut = threshold(label);
  const name = nameOf(label);
  setText(byId("cut-title"), t("{name} · threshold", { name }));
  setText(byId("cut-value"), t("threshold {cut}", { cut: beside(label, cut) }));
  const position = Math.round(statistics.scale(cut) * STEPS);
  if (Number(slider.value) !== position) slider.value = String(position);
  slider.style.setProperty("--share", String(statistics.scale(cut)));
  slider.setAttribute("aria-label", t("Threshold for {name}", { name: lower(name) }));
  slider.setAttribute("aria-valuetext", percent(prevalence.cut(label, cut)));
  paintChips(label);
  paintOwn(label);
  paintConsequences(label, cut);
}

/** The cut as it stands beside the probability in the finding's row: never the same text where the two differ.
 * @type {(label: string, own: number) => string} */
function beside(label, own) {
  const item = rowInView();
  const answer = answerOf(item);
  const cut = prevalence.cut(label, own);
  return figuresShown(item, answer) ? pair(prevalence.shown(answer, label).probability, cut)[1] : percent(cut);
}

/** Whose cut it is, and the way back; a cut of another version of the model is named, never applied.
 * @param {string} label
 */
function paintOwn(label) {
  const others = modelLabels().filter((one) => one.key !== label && isOwnCut(one.key)).length;
  const own = isOwnCut(label);
  const text = own
    ? t("Your threshold; the default is {cut}.", { cut: percent(prevalence.cut(label, defaultThreshold(label))) })
    : others
      ? plural("{n} other threshold is your own.", "{n} other thresholds are your own.", others)
      : choices.outdated()
        ? t("The model is new: your thresholds for another version of it are not applied.")
        : t("The model's default threshold."); // said too, so that the figures below stay where they are
  const { text: said, back } = nodes().own;
  setText(said, text);
  back.hidden = !own && !others && !choices.outdated();
}

/** @type {(label: string, cut: number) => void} */
function paintConsequences(label, cut) {
  const held = heldOut.split(label);
  const share = heldOut.prevalence(label);
  const figures = statistics.consequences(held.positives[label], held.negatives[label], cut, share);
  paintFigure("sensitivity", t("sensitivity"), figures.sensitivity);
  paintFigure("specificity", t("specificity"), figures.specificity);
  paintFigure("ppv", t("PPV at {prevalence}", { prevalence: percent(share) }), figures.ppv);
  paintFigure("npv", t("NPV at {prevalence}", { prevalence: percent(share) }), figures.npv);
  paintThousand(figures.perThousand, share, label);
  measured.paint(label);
}

painters.push(paint);
onKey("[", "findings", N_("lower the threshold"), () => nudge(-KEY_STEP));
onKey("]", "findings", N_("raise the threshold"), () => nudge(KEY_STEP));
onKey("p", "findings", N_("next preset of the threshold"), () => nextPoint());

export { build };
