/* Measuring and marking: a ruler, an arrow, L and R on the film, and the grey level under the pointer. Marks lie in the
 * film's own pixels, so that they move, turn and flip with it, and are kept with the film until the list is cleared. */
import { addField, byId, changed, element, inside, listen, onKey, pen, present, setText, state } from "../0-core/00-core.js";
import { decimal, N_, percent, t } from "../0-core/10-words.js";
import { rowInView } from "../0-core/13-films.js";
import { heard } from "../0-core/15-answers.js";
import * as session from "../3-list/32-session.js";
import * as geometry from "./51-geometry.js";
import * as tones from "./51-tones.js";
import * as filmSheet from "./53-film-sheet.js";
import * as stage from "./53-stage.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";
import * as gestures from "./57-gestures.js";
import * as grey from "./58-grey.js";

/** @type {[Mark["kind"], string][]} */
const KINDS = [["ruler", N_("Ruler")], ["arrow", N_("Arrow")], ["L", N_("L mark")], ["R", N_("R mark")]];
const SHORTEST = 6; // screen pixels; a shorter drag is a slip of the hand
const MOST = 50; // that a picture is asked for with; cxr_dash/web/marks.py refuses more
const HEAD = 11; // of an arrow, in screen pixels
const write = addField("marks", {}); // film key -> [{kind, from, to}], in the film's pixels
const canvas = document.createElement("canvas");
let kind = /** @type {Mark["kind"]} */ ("ruler");
let held = /** @type {(Mark & { film: string }) | null} */ (null); // the mark that is being drawn
let made = /** @type {ReturnType<typeof makeMenu> | null} */ (null);
const nodes = () => present(made, "menu of marks");
let read = { url: "", context: /** @type {CanvasRenderingContext2D | null} */ (null) }; // the picture whose grey levels were read last

const open = () => made !== null && !byId("marks-menu").hidden;
/** @param {string} film */
const of = (film) => state.marks[film] || [];
/** @type {(film: string, list: Mark[]) => void} */
const keep = (film, list) => write({ ...state.marks, [film]: list });

// ---- how long a line is

/** Millimetres where the file gives a spacing [rows, columns], else a share of the film's width.
 * @type {(mark: Mark, item: Kept, spacing: Point2 | null) => string} */
function measure({ from, to }, item, spacing) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  if (spacing) return t("{length} mm", { length: decimal(Math.hypot(dx * spacing[1], dy * spacing[0]), 1) });
  return t("{share} of the width", { share: percent(Math.hypot(dx, dy) / item.width) });
}

/** @type {(item: Kept) => Point2 | null} */
function spacingOf(item) {
  const answer = heard(item);
  return (answer && !answer.error && answer.file && answer.file.pixel_spacing_mm) || null;
}

// ---- the menu

/** @type {(menu: HTMLElement, sheets: Sheet[]) => void} */
const build = (menu, sheets) => void (made = makeMenu(menu, sheets));

/**
 * @param {HTMLElement} menu
 * @param {Sheet[]} sheets
 */
function makeMenu(menu, sheets) {
  /** @param {Mark["kind"]} one */
  const choose = (one) => {
    kind = one;
    changed();
  };
  const kinds = KINDS.map(([one, name]) =>
    element("button", { class: "tool", type: "button", "data-mark": one, text: t(name), onclick: () => choose(one) }),
  );
  const last = element("button", { class: "tool", type: "button", text: t("Remove the last mark"), onclick: () => drop((list) => list.slice(0, -1)) });
  const all = element("button", { class: "tool", type: "button", text: t("Remove all marks"), onclick: () => drop(() => []) });
  const level = element("p", { class: "mark-level", role: "status" });
  const hint = element("p", { class: "hint", text: t("Drag on the film to measure or to point; press once for L or R. Millimetres are those of the detector, as the file gives them: what lies in the body is smaller.") });
  menu.append(element("div", { class: "mark-kinds", role: "group", "aria-label": t("Measure and mark") }, kinds), level, last, all, hint);
  const drawings = sheets.map((sheet) => {
    const svg = filmSheet.drawing("svg", { class: "marks", role: "img" });
    svg.style.display = "none";
    sheet.view.append(svg);
    return svg;
  });
  return { kinds, last, all, level, drawings };
}

/** @param {(list: Mark[]) => Mark[]} change */
function drop(change) {
  const { pane } = view.activeSheet();
  if (!pane) return;
  keep(pane.item.film, change(of(pane.item.film)));
  changed();
}

const opener = () => inside(byId("toolbar"), "[data-action=measure]");

function toggle() {
  if (open()) return close();
  grey.close();
  byId("marks-menu").hidden = false;
  if (opener().matches(":focus-visible")) nodes().kinds[0].focus({ preventScroll: true });
  return changed();
}

function close() {
  if (!open()) return;
  if (byId("marks-menu").contains(document.activeElement)) opener().focus({ preventScroll: true });
  byId("marks-menu").hidden = true;
  changed();
}

/** A film's marks as they are taken away, with what a ruler says.
 * @param {Kept} item
 * @returns {{ kind: string, start: number[], end: number[], text: string }[]}
 */
function exported(item) {
  const spacing = spacingOf(item);
  return of(item.film).slice(-MOST).map((mark) => ({
    kind: mark.kind, start: [mark.from.x, mark.from.y], end: [mark.to.x, mark.to.y],
    text: mark.kind === "ruler" ? measure(mark, item, spacing) : "",
  }));
}

// ---- the pointer

/** @type {(sheet: Sheet, point: XY) => XY} */
const onFilm = (sheet, point) => {
  const { x, y } = geometry.toFilm(view.matrixOf(sheet), point);
  /** @type {(value: number, most: number) => number} */
  const within = (value, most) => Math.min(most, Math.max(0, value));
  const { width, height } = filmSheet.paneOf(sheet).item;
  return { x: within(x, width), y: within(y, height) };
};

/** @type {Marker["down"]} */
function down(sheet, point) {
  const at = onFilm(sheet, point);
  held = { film: filmSheet.paneOf(sheet).item.film, kind, from: at, to: at };
}

/** @type {Marker["move"]} */
function move(sheet, point) {
  if (!held) return;
  held.to = onFilm(sheet, point);
  if (["L", "R"].includes(kind)) held.from = held.to;
  stage.moved(false);
}

/** @type {Marker["up"]} */
function up(sheet) {
  if (!held) return;
  const { film, ...mark } = held;
  held = null;
  const [dx, dy] = [mark.to.x - mark.from.x, mark.to.y - mark.from.y];
  const [a, b] = view.matrixOf(sheet);
  const letter = ["L", "R"].includes(mark.kind);
  if (letter || Math.hypot(dx, dy) * Math.hypot(a, b) >= SHORTEST) keep(film, [...of(film), Object.freeze(mark)]);
  changed();
}

/** The level of the picture as the server shows it, 8 bits, before window and inversion: for as long as the film has no
 * others.
 * @type {(sheet: Sheet, point: XY) => number} */
function levelAt(sheet, point) {
  const { picture } = sheet;
  const { item } = filmSheet.paneOf(sheet);
  let { context } = read;
  if (!context || read.url !== picture.src) {
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    context = pen(canvas, { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    read = { url: picture.src, context };
  }
  /** @type {(value: number, length: number, pixels: number) => number} */
  const at = (value, length, pixels) => Math.min(pixels - 1, Math.floor((value / length) * pixels));
  const x = at(point.x, item.width, canvas.width);
  const y = at(point.y, item.height, canvas.height);
  return context.getImageData(x, y, 1, 1).data[0];
}

function probe() {
  const seen = gestures.seen();
  if (!open() || !seen || !filmSheet.isReady(seen.sheet) || seen.sheet.shown !== seen.sheet.pane.item.film) return;
  const { x, y } = onFilm(seen.sheet, seen);
  setText(nodes().level, sayLevel(seen.sheet, { x, y }));
}

/** @type {(sheet: Sheet, point: XY) => string} */
function sayLevel(sheet, point) {
  const levels = view.levelsOf(sheet);
  const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
  if (!levels) return t("Grey level {level} of 255 at {x}, {y}", { level: levelAt(sheet, point), x, y });
  const value = tones.valueAt(levels, Math.min(x, levels.width - 1), Math.min(y, levels.height - 1));
  if (value === null) return t("No part of the film at {x}, {y}", { x, y });
  const said = Number.isInteger(value) ? String(value) : decimal(value, 2);
  return t("Level {level} at {x}, {y}", { level: `${said} ${levels.unit}`.trim(), x, y });
}

// ---- what is drawn

/** @type {(mark: Mark, m: Matrix, text: string) => SVGElement[]} */
function shape({ kind: one, from, to }, m, text) {
  const [a, b] = [geometry.toStage(m, from), geometry.toStage(m, to)];
  const { drawing } = filmSheet;
  /** @type {(content: string, x: number, y: number, anchor: string) => SVGElement} */
  const words = (content, x, y, anchor) => {
    const node = drawing("text", { x, y, "text-anchor": anchor, class: one.length === 1 ? "mark-letter" : "mark-text" });
    node.textContent = content;
    return node;
  };
  if (one.length === 1) return [words(one, b.x, b.y + 10, "middle")];
  const line = `M${a.x} ${a.y}L${b.x} ${b.y}`;
  const d = line + (one === "arrow" ? headOf(a, b) : ends(a, b));
  const strokes = ["mark-under", "mark-line"].map((name) => drawing("path", { d, class: name }));
  return one === "arrow" ? strokes : [...strokes, words(text, (a.x + b.x) / 2, (a.y + b.y) / 2 - 8, "middle")];
}

/** @type {(a: XY, b: XY) => string} */
function headOf(a, b) {
  const angle = Math.atan2(b.y - a.y, b.x - a.x);
  /** @param {number} by */
  const side = (by) => `L${b.x - HEAD * Math.cos(angle + by)} ${b.y - HEAD * Math.sin(angle + by)}`;
  return `M${b.x} ${b.y}${side(0.45)}M${b.x} ${b.y}${side(-0.45)}`;
}

/** @type {(a: XY, b: XY) => string} */
function ends(a, b) {
  const angle = Math.atan2(b.y - a.y, b.x - a.x);
  const [dx, dy] = [-5 * Math.sin(angle), 5 * Math.cos(angle)];
  return [a, b].map(({ x, y }) => `M${x - dx} ${y - dy}L${x + dx} ${y + dy}`).join("");
}

/** @param {Sheet[]} sheets */
function lay(sheets) {
  if (!made) return;
  const { drawings } = made;
  sheets.forEach((sheet, index) => {
    const svg = drawings[index];
    if (!filmSheet.isReady(sheet) || sheet.shown !== sheet.pane.item.film) return void (svg.style.display = "none");
    const { item } = sheet.pane;
    const [m, spacing] = [view.matrixOf(sheet), spacingOf(item)];
    const list = [...of(item.film), ...(held && held.film === item.film ? [held] : [])];
    const said = list.map((mark) => (mark.kind === "ruler" ? measure(mark, item, spacing) : mark.kind));
    svg.style.display = list.length ? "block" : "none"; // one without marks is no picture
    svg.setAttribute("aria-label", said.length ? t("Marks: {marks}", { marks: said.join(", ") }) : "");
    svg.replaceChildren(...list.flatMap((mark, at) => shape(mark, m, said[at])));
  });
  probe();
}

function paint() {
  if (!made) return;
  for (const one of made.kinds) one.setAttribute("aria-pressed", String(one.dataset.mark === kind));
  const { pane } = view.activeSheet();
  const none = !pane || of(pane.item.film).length === 0;
  for (const one of [made.last, made.all]) one.disabled = none;
}

gestures.markWith({ active: open, down, move, up });
actions.add("measure", toggle);
onKey("q", "film", N_("measure and mark"), () => actions.act("measure"));
listen("film-gone", (film) => {
  const { [film]: gone, ...others } = state.marks;
  if (gone) write(others);
});
document.addEventListener("cxr-close", close);
listen("removed", () => rowInView() || close());
session.part("marks", { save: () => state.marks, load: (kept) => write(kept) });

export { build, lay, paint, open, exported };
