/* The films on their stage, and the toolbar: what is shown, where it lies, and what is pressed. */
import { around, byId, inside, listen, painters, present, setText, state } from "../0-core/00-core.js";
import { t } from "../0-core/10-words.js";
import * as listing from "../3-list/34-listing.js";
import * as ownLevels from "./50-own-levels.js";
import * as pictures from "./50-pictures.js";
import * as tones from "./51-tones.js";
import * as filmSheet from "./53-film-sheet.js";
import * as stage from "./53-stage.js";
import * as heat from "./54-heat.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";
import * as legend from "./56-legend.js";
import * as gestures from "./57-gestures.js";
import * as outlines from "./57-outlines.js";
import * as grey from "./58-grey.js";
import * as lens from "./58-lens.js";
import * as marks from "./58-marks.js";
import * as compare from "./59-compare.js";

const SAYS = 22; // the line of 59-film-says.js, where there is one
const ALONE = { left: 8, right: 8, top: 0, bottom: 0 };
const BESIDE = { left: 8, right: 8, top: 8, bottom: 8 };
const two = stage.sheets();
let made = /** @type {HTMLElement | null} */ (null);
const host = () => present(made, "stage");

/** @param {HTMLElement} node */
function build(node) {
  made = node;
  stage.build(node);
  for (const sheet of two) new ResizeObserver(() => measure(sheet)).observe(sheet.view);
  new ResizeObserver(() => two.forEach(measure)).observe(byId("toolbar"));
  // the line of what the file says comes and goes with the film
  new MutationObserver(() => two.forEach(measure)).observe(byId("film-says"), { attributes: true, attributeFilter: ["hidden"] });
  gestures.listen(node);
  grey.build(byId("window-popover"), byId("toolbar"));
  lens.build(node);
  outlines.build(two[0]);
  marks.build(byId("marks-menu"), two);
  compare.build(two[1].head);
  byId("toolbar").addEventListener("click", (event) => {
    const button = around(event, "[data-action]");
    if (button) actions.act(button.dataset.action ?? "");
  });
}

/** Beside a fitted film the toolbar's column stays free. The strip that speaks of the heat is no part of the stage: it
 * keeps its height with or without heat, so that the film does not jump, and covers no costophrenic angle.
 * @param {Sheet} sheet
 */
function measure(sheet) {
  const bar = byId("toolbar");
  const over = getComputedStyle(bar).position === "absolute" ? bar.offsetLeft + bar.offsetWidth : 0;
  byId("viewer").style.setProperty("--bar", `${over}px`);
  const { clientWidth: width, clientHeight: height } = sheet.view;
  const beside = Boolean(state.view.compare);
  const says = byId("film-says").hidden ? 0 : SAYS;
  const margin = beside ? BESIDE : { ...ALONE, left: over + 8, top: says };
  sheet.room = width && height ? { width, height, margin, beside } : null;
  stage.moved(false);
}

function lay() {
  for (const sheet of two) {
    if (!filmSheet.isReady(sheet)) continue;
    const tone = view.toneOf(sheet);
    filmSheet.place(sheet, view.matrixOf(sheet), view.percent(sheet));
    filmSheet.tone(sheet, tone.window, tone.invert, stage.moving());
    warn(sheet);
  }
  outlines.lay(two[0]);
  marks.lay(two);
  lens.lay();
  const sheet = view.activeSheet();
  if (!filmSheet.isReady(sheet)) return;
  const fitted = view.placeOf(sheet).scale === "fit";
  host().classList.toggle("pannable", !fitted);
  host().classList.toggle("gripped", grey.open() || lens.on() || marks.open());
  grey.say(sheet, view.toneOf(sheet).window);
  setText(byId("film-scale"), t("{percent} %", { percent: Math.round(view.percent(sheet)) }));
  byId("film-scale").classList.toggle("fitted", fitted);
}

/** A film that stands otherwise than it was taken says so, for as long as it does.
 * @param {Ready} sheet
 */
function warn({ note, node, pane }) {
  const { turn, flip } = view.wayOf({ pane });
  const flipped = flip ? t("Flipped left to right: sides in the text are those on the screen") : "";
  const rotated = turn ? t("Rotated {degrees}°", { degrees: turn }) : "";
  note.hidden = !flip && !turn;
  node.classList.toggle("otherwise", Boolean(flip || turn));
  setText(note, [flipped, rotated].filter(Boolean).join(" · "));
}

/** @param {Row} item */
function preloadNeighbours(item) {
  const items = listing.shown(); // the arrow keys follow the order on the screen
  const index = items.indexOf(item);
  for (const neighbour of [items[index + 1], items[index - 1]]) {
    if (neighbour && neighbour.film) pictures.film(neighbour.film).catch(() => {});
  }
}

/** @type {(action: string, on: boolean) => void} */
function press(action, on) {
  const button = document.querySelector(`#toolbar [data-action="${action}"]`);
  if (button) button.setAttribute("aria-pressed", String(on));
}

function paint() {
  if (!made) return;
  const panes = compare.panes();
  byId("empty").hidden = state.films.length > 0;
  made.hidden = byId("toolbar").hidden = panes.length === 0;
  made.classList.toggle("comparing", panes.length > 1);
  two.forEach((sheet, index) => show(sheet, panes[index]));
  // only when their pictures stand there
  ownLevels.keep(panes.map((pane) => pane.item).filter((item) => two.some((sheet) => sheet.shown === item.film)));
  if (panes.length === 0) grey.close();
  if (panes.length) paintButtons();
  legend.paint(heat.paint());
  outlines.paint(two[0]);
  lay();
  grey.paint();
  marks.paint();
  compare.paint();
}

/** @type {(sheet: Sheet, pane: Pane | undefined) => void} */
function show(sheet, pane) {
  sheet.node.hidden = !pane;
  if (!pane) {
    filmSheet.clear(sheet);
    return;
  }
  sheet.pane = pane;
  if (!sheet.room || sheet.room.beside !== Boolean(state.view.compare)) measure(sheet);
  const before = sheet.shown;
  filmSheet.load(sheet, pane.item);
  if (sheet.index === 0 && sheet.shown === pane.item.film && before === sheet.shown) preloadNeighbours(pane.item);
  sheet.frame.style.visibility = sheet.shown === pane.item.film ? "visible" : "hidden";
}

function paintButtons() {
  const tone = view.toneOf(view.activeSheet());
  press("invert", tone.invert);
  press("heat", state.view.heat);
  press("outlines", state.view.outlines);
  press("measure", marks.open());
  press("window", grey.open() || !tones.isPlain(tone.window));
  inside(byId("toolbar"), "[data-action=window]").setAttribute("aria-expanded", String(grey.open()));
  press("lens", lens.on());
  press("compare", Boolean(state.view.compare));
  press("flip", view.wayOf(view.activeSheet()).flip);
}

painters.push(paint);
listen("lay", lay);

/**
 * @param {Row} item
 * @returns {boolean}
 */
const inView = (item) => two.length > 0 && two[0].shown === item.film;

export { build, inView };
