/* How films are looked at: place, turn, flip, grey window; of one pane or of two that move together. */
import { changed, state } from "../0-core/00-core.js";
import * as look from "./50-look.js";
import * as ownLevels from "./50-own-levels.js";
import * as geometry from "./51-geometry.js";
import { FIT, UPRIGHT } from "./51-geometry.js";
import * as tones from "./51-tones.js";
import { paneOf, roomOf } from "./53-film-sheet.js";
import * as stage from "./53-stage.js";

const OF_PICTURE = { width: [2, 510], level: [0, 255] }; // what a window of 8 bits may be
const films = /** @type {Map<string, { place: Place, way: Way }>} */ (new Map()); // by film: one turned or flipped stays so, and no other one is
let second = /** @type {(Tone & { place: Place }) | null} */ (null); // what the second pane has of its own while the two are not linked
let active = 0; // the pane that keys and buttons mean while they are not linked

/** @param {string} film */
function record(film) {
  const kept = films.get(film) ?? { place: FIT, way: UPRIGHT };
  films.set(film, kept);
  return kept;
}

/** The films that do not stand as they were taken, by key, for a page that comes again.
 * @returns {[string, Way][]}
 */
const ways = () => [...films].filter(([, { way }]) => way.turn || way.flip).map(([film, { way }]) => [film, way]);
/** @param {[string, Way][]} kept */
const restoreWays = (kept) => kept.forEach(([film, way]) => (record(film).way = way));

/** @param {Sheet} sheet */
const ownOf = (sheet) => (sheet.index === 1 ? second : null);

/**
 * @param {Pick<Sheet, "pane">} sheet
 * @returns {Way}
 */
const wayOf = (sheet) => record(paneOf(sheet).item.film).way;
/** @type {(sheet: Sheet) => Setting} */
const setting = (sheet) => ({ room: roomOf(sheet), film: paneOf(sheet).item, way: wayOf(sheet) });
const first = () => stage.sheets()[0];

/**
 * @param {Sheet} sheet
 * @returns {Tone}
 */
const toneOf = (sheet) => ownOf(sheet) ?? state.view;

/** @type {(sheet: Sheet, changes: Partial<Tone>) => void} */
function setTone(sheet, changes) {
  const own = ownOf(sheet);
  if (own) Object.assign(own, changes);
  else look.set(changes);
}

/** @param {Sheet} sheet */
const invert = (sheet) => setTone(sheet, { invert: !toneOf(sheet).invert });

/**
 * @param {Sheet} sheet
 * @returns {Place}
 */
function placeOf(sheet) {
  const { room, film, way } = setting(sheet);
  const own = ownOf(sheet);
  if (own) return geometry.clamp(own.place, room, film, way);
  const { place } = record(paneOf(first()).item.film);
  if (sheet.index === 0) return geometry.clamp(place, room, film, way);
  return geometry.carried(place, setting(first()), { room, film, way });
}

/** @type {(sheet: Sheet, place: Place) => void} */
function setPlace(sheet, place) {
  const own = ownOf(sheet) ?? record(paneOf(first()).item.film);
  own.place = sheet.index === 0 || own === second ? place : geometry.carried(place, setting(sheet), setting(first()));
  stage.moved();
}

/** Put the place through a function of the geometry.
 * @param {Sheet} sheet
 * @param {(place: Place, room: Room, film: Size, way: Way) => Place} fn
 */
function change(sheet, fn) {
  const { room, film, way } = setting(sheet);
  setPlace(sheet, fn(placeOf(sheet), room, film, way));
}

/**
 * @param {Sheet} sheet
 * @param {number} factor
 * @param {XY} point
 */
const zoomAt = (sheet, factor, point) =>
  change(sheet, (place, ...where) => geometry.zoomAt(place, factor, point, ...where, 1 / window.devicePixelRatio));

/**
 * @param {Sheet} sheet
 * @param {number} dx
 * @param {number} dy
 */
const panBy = (sheet, dx, dy) => change(sheet, (place, ...where) => geometry.panBy(place, dx, dy, ...where));
/** @param {Sheet} sheet */
const fit = (sheet) => setPlace(sheet, FIT);

/** Fit, or one film pixel per screen pixel.
 * @param {Sheet} sheet
 * @param {XY} point
 */
function toggleTrue(sheet, point) {
  if (placeOf(sheet).scale !== "fit") return fit(sheet);
  const { room, film, way } = setting(sheet);
  const now = geometry.fitScale(room, film, way);
  return zoomAt(sheet, 1 / window.devicePixelRatio / now, point);
}

/**
 * @param {Sheet} sheet
 * @param {(way: Way) => Way} fn
 */
function turn(sheet, fn) {
  const own = record(paneOf(sheet).item.film);
  own.way = fn(own.way);
  stage.moved();
}

/**
 * @param {Sheet} sheet
 * @returns {Levels | null}
 */
const levelsOf = (sheet) => ownLevels.of(paneOf(sheet).item.film);

/** What a window of this film may be, in shown levels.
 * @type {(sheet: Sheet) => { width: number[], level: number[] }} */
function bounds(sheet) {
  const levels = levelsOf(sheet);
  if (!levels) return OF_PICTURE;
  const { width, level } = tones.limits(levels);
  const [one, other] = [0, 1].map((end) => tones.fromOwn(levels, { width: width[end], level: level[end] }));
  return { width: [one.width, other.width], level: [one.level, other.level].sort((a, b) => a - b) };
}

/** `curve`: "sigmoid", or nothing for a straight line.
 * @param {Sheet} sheet
 * @param {number} width
 * @param {number} level
 * @param {string | null} [curve]
 */
function setWindow(sheet, width, level, curve = null) {
  /** @type {(value: number, ends: number[]) => number} */
  const within = (value, [low, high]) => Math.min(high, Math.max(low, value));
  const { width: widths, level: levels } = bounds(sheet);
  const shape = curve ? { curve } : {};
  setTone(sheet, { window: { width: within(width, widths), level: within(level, levels), ...shape } });
  stage.moved();
}

/** A window as a film's file brings it, whatever its bounds.
 * @param {Sheet} sheet
 * @param {GreyWindow} given
 */
function setFileWindow(sheet, given) {
  setTone(sheet, { window: given });
  stage.moved();
}

/** Percent of film pixels: at 100 one pixel of the film is one of the screen.
 * @param {Sheet} sheet
 * @returns {number}
 */
function percent(sheet) {
  const { room, film, way } = setting(sheet);
  return 100 * window.devicePixelRatio * geometry.scaleOf(placeOf(sheet), room, film, way);
}

/**
 * @param {Sheet} sheet
 * @returns {Matrix}
 */
function matrixOf(sheet) {
  const { room, film, way } = setting(sheet);
  const shown = percent(sheet) / 100;
  // at a whole number of screen pixels per film pixel every film pixel is one square
  const grain = Math.abs(shown - Math.round(shown)) < 1e-6 ? 1 / window.devicePixelRatio : 0;
  return geometry.matrix(placeOf(sheet), room, film, way, grain);
}

/** @param {boolean} linked */
function link(linked) {
  const sheets = stage.sheets();
  if (!linked && !second && sheets[1].pane) {
    second = { place: placeOf(sheets[1]), window: state.view.window, invert: state.view.invert };
  }
  if (linked) [second, active] = [null, 0];
  changed();
}

/** @param {Sheet} sheet */
function activate(sheet) {
  if (second && active !== sheet.index) changed();
  active = sheet.index;
}

/** @returns {Sheet} */
const activeSheet = () => stage.sheets()[second && stage.sheets()[1].pane ? active : 0];

const linked = () => !second;

export {
  placeOf, wayOf, toneOf, invert, zoomAt, panBy, fit, toggleTrue, turn, setWindow, setFileWindow, levelsOf,
  percent, matrixOf, link, activate, activeSheet, ways, restoreWays, linked, OF_PICTURE,
};
