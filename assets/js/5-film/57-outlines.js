/* All findings on the film at once: a thin line around half of each map's peak, with name and probability.
 *
 * Where the card says that a label's maps know its place no better than a template, or this film's trust report that its
 * map is not to be relied on, its line is drawn only when it is asked for (the button), and the strip says so. How strong a map is on its bundle's own scale is told by the line. */
import { around, byId, changed, element, onKey, present, setText, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { N_, percent, t } from "../0-core/10-words.js";
import { nameOf } from "../0-core/12-model.js";
import { chooseLabel, labelInView, rank } from "../0-core/22-ranked.js";
import * as look from "./50-look.js";
import * as pictures from "./50-pictures.js";
import * as geometry from "./51-geometry.js";
import * as contours from "./52-contours.js";
import * as filmSheet from "./53-film-sheet.js";
import * as trust from "./53-trust.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";

const LEVEL = 127.5; // half of a map's own peak
const NAME_HEIGHT = 24;
const EDGE = 4; // of the stage, in pixels
/** @typedef {{ key: string, points: Point2[], path: SVGElement, name: HTMLElement }} Outline `points`: in the film's pixels */
let made = /** @type {{ group: SVGElement, names: HTMLElement } | null} */ (null);
const nodes = () => present(made, "room for outlines");
let drawn = /** @type {Outline[]} */ ([]);
let job = "";
let pointed = /** @type {string | null} */ (null); // the finding under the pointer, on the film or in the list

/** @param {Sheet} sheet */
function build(sheet) {
  const group = filmSheet.drawing("g");
  const svg = filmSheet.drawing("svg", { class: "outlines", "aria-hidden": "true" }, [group]);
  const names = element("div", { class: "outline-names" });
  sheet.view.append(svg, names);
  made = { group, names };
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, point);
}

/** The finding whose row, name or line is under the pointer, or has the keyboard.
 * @param {Event} event
 */
function point(event) {
  const at = around(event, "#findings [data-label], [data-outline]");
  const key = (at && (at.dataset.label || at.dataset.outline)) ?? null;
  if (key === pointed) return;
  pointed = key;
  light();
}

function light() {
  for (const { key, path, name } of drawn) {
    for (const node of [path, name]) {
      node.classList.toggle("lit", key === pointed);
      node.classList.toggle("chosen", key === labelInView());
    }
  }
  for (const row of document.querySelectorAll("#findings [data-label]")) {
    row.classList.toggle("pointed", row.dataset.label === pointed && drawn.some(({ key }) => key === pointed));
  }
}

/** @type {(answer: Answer, key: string) => Heat | null} */
const mapOf = (answer, key) => (answer.heat && answer.heat[key]) || null;

/** What is outlined of a film: what reaches its threshold and has a map, and a place or the reader's wish for a line.
 * @param {Sheet} sheet
 */
function wanted(sheet) {
  const { pane } = sheet;
  const answer = pane?.answer;
  if (!pane || !answer || state.view.compare || sheet.shown !== pane.item.film) return [];
  if (trust.waits(answer)) return []; // as the heat itself
  return rank(answer).filter(({ key, above, reassuring, summary }) => {
    const map = mapOf(answer, key);
    return above && !reassuring && !summary && map && !map.flat && (state.view.outlines || !(map.no_place || trust.doubted(answer, key)));
  });
}

/** @param {Sheet} sheet */
async function draw(sheet) {
  const findings = wanted(sheet);
  const { pane } = sheet;
  const answer = pane && pane.answer;
  const said = findings.map(({ key, name, probability }) => ({ key, text: `${name} ${percent(probability)}` }));
  const now = answer && findings.length ? JSON.stringify([pane.item.film, answer.model, said]) : "";
  if (now === job) return;
  job = now;
  clear();
  const lines = await Promise.all(answer ? said.map((one) => outline(one, answer, pane.item)) : []);
  if (now !== job) return;
  drawn = lines.filter((one) => one !== null);
  nodes().group.replaceChildren(...drawn.map(({ path }) => path));
  nodes().names.replaceChildren(...drawn.map(({ name }) => name));
  changed();
}

function clear() {
  drawn = [];
  nodes().group.replaceChildren();
  nodes().names.replaceChildren();
}

/** @type {(finding: { key: string, text: string }, answer: Answer, item: Kept) => Promise<Outline | null>} */
async function outline({ key, text }, answer, item) {
  const layer = await pictures.layer(item.film, answer.model, key).catch(() => null);
  if (!layer) return null;
  const doubt = answer.quality.verdict === "reject" && !item.phantom ? "refused" : ""; // its figures were asked for after a refusal
  const { crop } = answer;
  /** @type {(point: Point2) => Point2} */
  const onFilm = ([x, y]) => [crop.x + (x * crop.width) / layer.width, crop.y + (y * crop.height) / layer.height];
  const lines = contours.lines(layer, LEVEL).map((line) => line.map(onFilm));
  const shape = { d: contours.path(lines), "vector-effect": "non-scaling-stroke" };
  const path = filmSheet.drawing("g", { class: `outline ${mapOf(answer, key)?.strength || "unscaled"} ${doubt}`, "data-outline": key }, [
    filmSheet.drawing("path", { ...shape, class: "outline-under" }), filmSheet.drawing("path", { ...shape, class: "outline-line" }),
  ]);
  const name = element("button", {
    class: "outline-name", type: "button", tabindex: "-1", "data-outline": key, text, onclick: () => chooseLabel(key),
    // the film under it is not taken hold of
    onpointerdown: (event) => event.stopPropagation(),
  });
  return { key, points: lines.flat(), path, name };
}

/** @typedef {{ left: number, right: number, y: number }} Taken where a name stands */
/** Lines move with the film; names keep their size, stand over their lines and give way to each other.
 * @param {Sheet} sheet
 */
function lay(sheet) {
  if (!made || !drawn.length || !filmSheet.isReady(sheet)) return;
  const m = view.matrixOf(sheet);
  made.group.setAttribute("transform", geometry.written(m));
  const { margin, width: across, height } = sheet.room;
  const taken = /** @type {Taken[]} */ ([]);
  for (const { points, name } of drawn) {
    const top = points.map(([x, y]) => geometry.toStage(m, { x, y })).reduce((one, other) => (other.y < one.y ? other : one));
    const width = name.offsetWidth;
    /** @type {(value: number, low: number, high: number) => number} */
    const within = (value, low, high) => Math.max(low, Math.min(value, high));
    const left = within(top.x - width / 2, margin.left, across - width - EDGE);
    let y = within(top.y - NAME_HEIGHT, EDGE, height - NAME_HEIGHT - EDGE);
    /** @param {Taken} other */
    const meets = (other) => Math.abs(other.y - y) < NAME_HEIGHT && left < other.right && other.left < left + width;
    for (let other = taken.find(meets); other; other = taken.find(meets)) y = other.y + NAME_HEIGHT;
    taken.push({ left, right: left + width, y });
    name.style.transform = `translate(${left.toFixed(1)}px, ${y.toFixed(1)}px)`;
  }
}

/** Under the film, where no heat is spoken of: what the lines are, and what they are not.
 * @param {Answer} answer
 */
function note(answer) {
  const parts = [t("Lines: half of each map's own peak; solid strong, dashed moderate, dotted weak. They are not the outline of a lesion.")];
  /** @param {(key: string) => unknown} holds */
  const named = (holds) => drawn.filter(({ key }) => holds(key)).map(({ key }) => words.lower(nameOf(key)));
  const doubted = named((key) => trust.doubted(answer, key));
  if (doubted.length) parts.unshift(t("Not to be relied on in this film: {findings}.", { findings: words.list(doubted) }));
  const placeless = named((key) => mapOf(answer, key)?.no_place);
  if (placeless.length) {
    parts.unshift(t("No place is known for {findings}: their maps were not shown to find it better than a fixed template.", { findings: words.list(placeless) }));
  }
  return parts.join(" ");
}

/** @param {Sheet} sheet */
function paint(sheet) {
  if (!made) return;
  draw(sheet);
  light();
  const box = byId("heat-note");
  const answer = sheet.pane?.answer;
  if (!box.hidden || !drawn.length || !answer) return;
  box.hidden = false;
  setText(box, note(answer));
}

actions.add("outlines", () => look.set({ outlines: !state.view.outlines }));
onKey("z", "film", N_("outlines of all findings"), () => actions.act("outlines"));

export { build, paint, lay };
