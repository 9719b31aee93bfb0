/* The ROC curve of the finding in view on the held-out films, and on it the cut: dragged there, or moved by the
 * slider. Drawn from what the page already knows; nothing is asked of the server. */
import { byId, changed, element, inside, onKey, painters, present, setText, state, whenPresent } from "../0-core/00-core.js";
import { decimal, interval, lower, N_, percent, t } from "../0-core/10-words.js";
import { nameOf } from "../0-core/12-model.js";
import { setThresholds, threshold } from "../0-core/14-cuts.js";
import * as statistics from "../0-core/20-statistics.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { labelAtHand } from "../0-core/22-ranked.js";
import * as heldOut from "../0-core/23-held-out.js";
import * as called from "../0-core/24-called.js";

const SIDE = 132; // of the plot, in units of the drawing
const LEFT = 26;
const TOP = 6;
const WIDTH = LEFT + SIDE + 10;
const HEIGHT = TOP + SIDE + 28;
const PAGE = 10; // corners for Page up and Page down
/** @param {number} alarms */
const x = (alarms) => LEFT + alarms * SIDE;
/** @param {number} sensitivity */
const y = (sensitivity) => TOP + (1 - sensitivity) * SIDE;
let made = /** @type {ReturnType<typeof makeDrawing> | null} */ (null);
const nodes = () => present(made, "drawing of the curve");
let open = false;
/** @typedef {ReturnType<typeof statistics.roc>[number]} Corner */
let curve = { mark: "", corners: /** @type {Corner[]} */ ([]), area: NaN };

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} attributes
 * @param {SVGElement[]} [children]
 * @returns {SVGElementTagNameMap[K]}
 */
function svg(tag, attributes, children = []) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** @type {(text: string, attributes: Record<string, string | number>) => SVGElement} */
function caption(text, attributes) {
  const node = svg("text", { class: "roc-caption", ...attributes });
  node.textContent = text;
  return node;
}

/** @param {HTMLElement} panel */
const build = (panel) => void (made = makeDrawing(panel));

/** @param {HTMLElement} panel */
function makeDrawing(panel) {
  const line = svg("path", { class: "roc-line" });
  const box = svg("rect", { class: "roc-box" });
  const cross = svg("path", { class: "roc-cross" });
  const point = svg("circle", {
    class: "roc-point", r: 5, tabindex: 0, role: "slider", "aria-orientation": "horizontal",
    "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("Threshold on the ROC curve"),
  });
  const middle = TOP + SIDE / 2;
  const wrong = caption("", { x: x(0.5), y: HEIGHT - 4, "text-anchor": "middle" });
  const drawing = svg("svg", { class: "roc-drawing", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group" }, [
    svg("rect", { class: "roc-frame", x: LEFT, y: TOP, width: SIDE, height: SIDE }),
    svg("path", { class: "roc-chance", d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}` }),
    ...[0, 0.5, 1].flatMap((share) => [
      caption(decimal(100 * share), { x: x(share), y: TOP + SIDE + 11, "text-anchor": "middle" }),
      caption(decimal(100 * share), { x: LEFT - 3, y: y(share) + 3, "text-anchor": "end" }),
    ]),
    wrong,
    caption(t("sensitivity, %"), { x: 7, y: middle, "text-anchor": "middle", transform: `rotate(-90 7 ${middle})` }),
    box, line, cross, point,
  ]);
  const [area, hint] = ["roc-area", "roc-hint"].map((name) => element("p", { class: name }));
  const node = inside(panel, "#roc");
  node.append(drawing, element("div", { class: "roc-words" }, [area, hint]));
  inside(panel, "#roc-toggle").addEventListener("click", toggle);
  drawing.addEventListener("pointerdown", grab);
  drawing.addEventListener("pointermove", (event) => drawing.hasPointerCapture(event.pointerId) && drag(event));
  point.addEventListener("keydown", step);
  return { panel, node, drawing, line, box, cross, point, wrong, area, hint };
}

function toggle() {
  open = !open;
  changed();
}

/** @param {PointerEvent} event */
function grab(event) {
  if (event.button) return;
  event.preventDefault();
  nodes().drawing.setPointerCapture(event.pointerId);
  nodes().point.focus({ preventScroll: true });
  drag(event);
}

/** To the corner nearest to the pointer.
 * @param {PointerEvent} event
 */
function drag(event) {
  const onScreen = present(nodes().drawing.getScreenCTM(), "place of the curve on the screen");
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(onScreen.inverse());
  /** @param {Corner} corner */
  const far = ({ alarms, sensitivity }) => (x(alarms) - at.x) ** 2 + (y(sensitivity) - at.y) ** 2;
  choose(curve.corners.reduce((best, corner) => (far(corner) < far(best) ? corner : best)));
}

/** A cut that gives this corner. The strictest calls nobody: halfway from the highest score to certainty.
 * @param {Corner} corner
 */
function choose(corner) {
  const highest = curve.corners[1].threshold;
  const wanted = corner.threshold === Infinity ? (highest + 1) / 2 : corner.threshold;
  setThresholds({ [labelAtHand()]: Math.min(1 - 1e-5, Math.max(1e-5, wanted)) });
}

/** @type {Record<string, number>} */
const STEPS = {
  ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: PAGE, PageDown: -PAGE, Home: -Infinity, End: Infinity,
};

/** Towards more sensitivity, or less: one corner at a time.
 * @param {KeyboardEvent} event
 */
function step(event) {
  if (!(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation(); // the page's own arrows choose films and findings
  const cut = threshold(labelAtHand());
  const here = curve.corners.findLastIndex((corner) => corner.threshold >= cut);
  choose(curve.corners[Math.min(curve.corners.length - 1, Math.max(0, here + STEPS[event.key]))]);
}

/** The corners of a label on a split; worked out once, whatever the cut.
 * @type {(mark: string, positives: number[], negatives: number[]) => void} */
function drawCurve(mark, positives, negatives) {
  if (curve.mark === mark) return;
  curve = { mark, corners: statistics.roc(positives, negatives), area: statistics.auroc(positives, negatives) };
  const path = curve.corners.map((one) => `${x(one.alarms).toFixed(2)} ${y(one.sensitivity).toFixed(2)}`);
  nodes().line.setAttribute("d", `M${path.join("L")}`);
}

function paint() {
  if (!made || !made.panel.isConnected || !state.facts || made.panel.dataset.model !== state.facts.id) return;
  made.node.hidden = !open;
  byId("roc-toggle").setAttribute("aria-expanded", String(open));
  if (!open) return;
  const label = labelAtHand();
  const cut = threshold(label);
  const held = heldOut.split(label);
  const [positives, negatives] = [held.positives[label], held.negatives[label]];
  const name = lower(nameOf(label));
  const known = positives.length > 0 && negatives.length > 0;
  made.drawing.toggleAttribute("hidden", !known);
  if (!known) {
    setText(made.area, t("These held-out films are all alike in this finding: there is no curve to draw."));
    setText(made.hint, "");
    return;
  }
  drawCurve([state.facts.id, held.split, label].join("/"), positives, negatives);
  const { sensitivity, specificity } = statistics.consequences(positives, negatives, cut, 0.5);
  place(sensitivity, specificity);
  const values = {
    cut: percent(prevalence.cut(label, cut)), sensitivity: percent(sensitivity.value), specificity: percent(specificity.value),
    first: interval(sensitivity.interval), second: interval(specificity.interval),
  };
  setText(made.wrong, called.wronglyCalled(label));
  setText(made.area, areaInWords(held.auroc[label], curve.area));
  const now = t("Threshold {cut}: sensitivity {sensitivity} ({first}), specificity {specificity} ({second}).", values);
  setText(made.hint, t("Drag the point to move the threshold. The box is its 95 % interval, the dashed line chance."));
  made.drawing.setAttribute("aria-label", t("ROC curve for {name}", { name }));
  made.point.setAttribute("aria-valuenow", String(Math.round(100 * sensitivity.value)));
  made.point.setAttribute("aria-valuetext", now);
}

/** @type {(sensitivity: Figure, specificity: Figure) => void} */
function place(sensitivity, specificity) {
  const [px, py] = [x(1 - specificity.value), y(sensitivity.value)];
  const [fewest, most] = present(specificity.interval, "interval of the specificity");
  const [least, highest] = present(sensitivity.interval, "interval of the sensitivity");
  const [left, right, top, bottom] = [x(1 - most), x(1 - fewest), y(highest), y(least)];
  /** @type {(node: SVGElement, attributes: Record<string, string | number>) => void} */
  const set = (node, attributes) => Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, String(value)));
  const { point, box, cross } = nodes();
  set(point, { cx: px, cy: py });
  set(box, { x: left, y: top, width: right - left, height: bottom - top });
  set(cross, { d: `M${left} ${py}H${right}M${px} ${top}V${bottom}` });
}

/** As the bundle measured it, with its interval; else as these films give it.
 * @type {(measured: HeldOut["auroc"][string] | undefined, counted: number) => string} */
function areaInWords(measured, counted) {
  if (!measured || measured.low === null) return t("AUROC {value}", { value: decimal(measured ? measured.value : counted, 2) });
  const [value, low, high] = [measured.value, measured.low, measured.high].map((share) => decimal(share, 2));
  // word joiners: the interval stays on one line
  return t("AUROC {value} ({low}–{high})", { value, low: `${low}\u2060`, high: `\u2060${high}` });
}

onKey("g", "findings", N_("ROC curve on or off"), () => {
  toggle();
  if (open) whenPresent("#roc:not([hidden])", (node) => node.scrollIntoView({ block: "nearest" }));
});

painters.push(paint);

export { build };
