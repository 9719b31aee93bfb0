/* A round magnifier over the film, with the same window and turn, and without heat: it is for the film itself. Hold M, or press it to leave it on. */
import { changed, onKey, present, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import * as look from "./50-look.js";
import * as geometry from "./51-geometry.js";
import * as levelsLayer from "./52-levels-layer.js";
import * as filmSheet from "./53-film-sheet.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";
import * as gestures from "./57-gestures.js";

const TRUE_PIXELS = 2.5; // screen pixels per film pixel, and never less than twice what lies around it
const HELD_MS = 350;
const LIFT = 130; // above a finger, which hides what lies under it
let made = /** @type {Sheet | null} */ (null);
const lens = () => present(made, "magnifier");
let down = 0; // when the key went down last, by the event's own time: a busy page hears of it late
let since = 0; // the same while it is down; 0 while it is up

const on = () => state.view.lens;

/** @param {HTMLElement} stage */
function build(stage) {
  made = filmSheet.make("lens", null);
  made.node.hidden = true;
  stage.append(made.node);
}

function toggle(wanted = !on()) {
  look.set({ lens: wanted });
  changed();
}

function lay() {
  const sheet = lens();
  const from = gestures.seen();
  const over = from && filmSheet.isReady(from.sheet) ? from.sheet : view.activeSheet();
  const ready = on() && filmSheet.isReady(over) && over.shown === over.pane.item.film;
  sheet.node.hidden = !ready;
  if (!ready) return void levelsLayer.hide(sheet.layer);
  if (sheet.node.parentNode !== over.view) over.view.append(sheet.node);
  const at = gestures.pointIn(over);
  const size = sheet.node.offsetWidth;
  sheet.node.style.transform = `translate(${at.x - size / 2}px, ${at.y - size / 2 - (at.touch ? LIFT : 0)}px)`;
  show(sheet, over, at, size);
}

/** @type {(sheet: Sheet, over: Filled, at: XY, size: number) => void} */
function show(sheet, over, at, size) {
  if (sheet.shown !== over.shown) {
    sheet.picture.src = over.picture.src;
    sheet.shown = over.shown;
  }
  sheet.pane = over.pane;
  const room = { width: size, height: size, margin: { left: 0, right: 0, top: 0, bottom: 0 } };
  sheet.room = room;
  const { item: film } = over.pane;
  const [m, way, tone] = [view.matrixOf(over), view.wayOf(over), view.toneOf(over)];
  const point = geometry.toFilm(m, at);
  const scale = Math.max(TRUE_PIXELS / window.devicePixelRatio, 2 * Math.hypot(m[0], m[1]));
  const place = { scale, x: point.x / film.width, y: point.y / film.height };
  filmSheet.place(sheet, geometry.matrix(place, room, film, way), 100 * scale * window.devicePixelRatio);
  filmSheet.tone(sheet, tone.window, tone.invert);
}

actions.add("lens", () => toggle());
// the key repeats while it is held
onKey("m", "film", words.N_("magnifier: hold, or press for on and off"), () => {
  if (since) return;
  since = down;
  toggle();
});
document.addEventListener("keydown", (event) => !event.repeat && (down = event.timeStamp), true);
document.addEventListener("keyup", (event) => {
  if (event.key.toLowerCase() !== "m") return;
  if (since && event.timeStamp - since > HELD_MS) toggle(false);
  since = 0;
});
window.addEventListener("blur", () => (since = 0));

export { build, lay, on };
