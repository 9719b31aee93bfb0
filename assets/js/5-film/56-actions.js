/* What buttons and keys do with the film in view. Later parts add what is theirs. No request but for pictures. */
import { changed, onKey, present, state } from "../0-core/00-core.js";
import { N_ } from "../0-core/10-words.js";
import * as look from "./50-look.js";
import * as geometry from "./51-geometry.js";
import { isReady } from "./53-film-sheet.js";
import * as view from "./55-view.js";

const ZOOM_STEP = 1.25;
const known = /** @type {Map<string, (sheet: Ready) => void>} */ (new Map()); // name -> what it does with the sheet in view

/**
 * @param {string} name
 * @param {(sheet: Ready) => void} fn
 */
const add = (name, fn) => known.set(name, fn);

/**
 * @param {string} name
 * @throws {Error} where no part has given it an action
 */
function act(name) {
  const sheet = view.activeSheet();
  if (!isReady(sheet)) return;
  present(known.get(name), `action ${name}`)(sheet);
  changed();
}

add("invert", (sheet) => view.invert(sheet));
add("heat", () => look.set({ heat: !state.view.heat }));
add("contour", () => look.set({ contour: !(state.view.heat && state.view.contour), heat: true }));
add("above", () => look.set({ onlyAbove: !state.view.onlyAbove }));
add("rotate", (sheet) => view.turn(sheet, geometry.turned));
add("flip", (sheet) => view.turn(sheet, geometry.flipped));
add("in", (sheet) => view.zoomAt(sheet, ZOOM_STEP, geometry.middle(sheet.room)));
add("out", (sheet) => view.zoomAt(sheet, 1 / ZOOM_STEP, geometry.middle(sheet.room)));
add("fit", (sheet) => view.fit(sheet));

/** @type {(name: string, help: string, action: string) => void} */
const key = (name, help, action) => onKey(name, "film", help, () => act(action));
key("h", N_("heatmap on or off"), "heat");
key("c", N_("heat as contour lines"), "contour");
key("a", N_("heat only for findings above their threshold"), "above");
key("i", N_("invert the film"), "invert");
key("r", N_("rotate by 90°"), "rotate");
key("x", N_("flip left to right"), "flip");
key("f", N_("fit, or one film pixel per screen pixel"), "zoom");
key("+", N_("zoom in"), "in");
key("=", "", "in");
key("-", N_("zoom out"), "out");
key("0", N_("fit the film"), "fit");

export { act, add };
