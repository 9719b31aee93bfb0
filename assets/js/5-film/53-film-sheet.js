/* One film in one box: its picture behind a linear grey window, or its own levels through theirs, its heat and its contour
 * lines, moved by one matrix. */
import { changed, element, present } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import * as analysis from "../3-list/30-analysis.js";
import * as look from "./50-look.js";
import * as ownLevels from "./50-own-levels.js";
import * as pictures from "./50-pictures.js";
import * as geometry from "./51-geometry.js";
import * as levelsLayer from "./52-levels-layer.js";

const SVG = "http://www.w3.org/2000/svg";
const TRY_AGAIN_AFTER_MS = 3000;
const PIXELATED_FROM = 3; // device pixels per film pixel

/**
 * @template {string} K
 * @param {K} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {K extends keyof SVGElementTagNameMap ? SVGElementTagNameMap[K] : SVGElement}
 */
function drawing(tag, attributes = {}, children = []) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return /** @type {any} */ (node);
}

/** A filter that maps grey levels by one straight line, on the colours as they are stored.
 * @param {string} id
 */
function windowFilter(id) {
  const channels = ["R", "G", "B"].map((one) => drawing(`feFunc${one}`, { type: "linear", slope: "1", intercept: "0" }));
  const filter = drawing("filter", { id, x: "0", y: "0", width: "1", height: "1", "color-interpolation-filters": "sRGB" }, [
    drawing("feComponentTransfer", {}, channels),
  ]);
  return { channels, node: drawing("svg", { class: "filters", "aria-hidden": "true", width: "0", height: "0" }, [filter]) };
}

/**
 * @param {string} name
 * @param {string | null} canvasId
 * @param {number} [index] among those of the stage
 * @returns {Sheet}
 */
function make(name, canvasId, index = 0) {
  const picture = element("img", { class: "film", alt: "", draggable: "false" });
  const canvas = element("canvas", { class: "heat", id: canvasId, role: "img", hidden: true });
  const layer = levelsLayer.make();
  const frame = element("div", { class: "frame" }, [picture, layer.canvas]);
  const warm = element("div", { class: "frame" }, [canvas]);
  const toned = element("div", { class: "tone" }, [frame]);
  const filter = windowFilter(`window-of-${name}`);
  const group = drawing("g");
  const lines = drawing("svg", { class: "lines", "aria-hidden": "true" }, [group]);
  const note = element("div", { class: "film-note", role: "status", hidden: true });
  const view = element("div", { class: "pane-view" }, [filter.node, toned, warm, lines, note]);
  const caption = element("div", { class: "pane-caption" });
  const head = element("div", { class: "pane-head", hidden: true }, [caption]);
  const node = element("div", { class: `pane ${name}` }, [head, view]);
  return {
    index, node, view, head, caption, picture, layer, canvas, frame, warm, tone: toned, lines, group, note,
    channels: filter.channels, filter: `url(#window-of-${name})`, toned: "",
    pane: null, room: null, at: null, crop: null, shown: null, wanted: null, job: "", failed: "",
  };
}

/** What a sheet shows, where it shows a film.
 * @param {Pick<Sheet, "pane">} sheet
 * @returns {Pane}
 * @throws {Error} where it is empty
 */
const paneOf = ({ pane }) => present(pane, "film on this sheet");

/** The room that a sheet's film has.
 * @param {Pick<Sheet, "room">} sheet
 * @returns {Room}
 * @throws {Error} before it was measured
 */
const roomOf = ({ room }) => present(room, "room for this sheet");

/**
 * @param {Sheet} sheet
 * @returns {sheet is Filled}
 */
const isFilled = (sheet) => sheet.pane !== null;

/**
 * @param {Sheet} sheet
 * @returns {sheet is Ready}
 */
const isReady = (sheet) => sheet.pane !== null && sheet.room !== null;

/** Lay the film, its heat and its lines at a matrix.
 * @param {Sheet} sheet
 * @param {Matrix} m
 * @param {number} percent
 */
function place(sheet, m, percent) {
  const { width, height } = paneOf(sheet).item;
  const transform = geometry.written(m);
  for (const layer of [sheet.frame, sheet.warm]) {
    Object.assign(layer.style, { width: `${width}px`, height: `${height}px`, transform });
  }
  for (const one of [sheet.picture, sheet.layer.canvas]) one.classList.toggle("pixelated", percent >= 100 * PIXELATED_FROM);
  sheet.at = { m, room: roomOf(sheet), shown: percent / 100 };
  if (!sheet.crop) return;
  // a stroke keeps its width only inside its own drawing: so that stands still and its contents move
  const { x, y, across, down } = sheet.crop;
  sheet.group.setAttribute("transform", `${transform} translate(${x} ${y}) scale(${across} ${down})`);
}

/** Grey levels from level - width / 2 to level + width / 2 become black to white, or white to black. `quick`: while it
 * moves, a large film may be drawn coarser.
 * @type {(sheet: Sheet, window: GreyWindow, invert: boolean, quick?: boolean) => void} */
function tone(sheet, window, invert, quick = false) {
  const { film } = paneOf(sheet).item;
  const levels = sheet.shown === film ? ownLevels.of(film) : null;
  const own = levels && sheet.at ? levelsLayer.paint(sheet.layer, levels, sheet.at, { window, invert }, quick) : levelsLayer.hide(sheet.layer);
  sheet.frame.classList.toggle("own-levels", own);
  straighten(sheet, own ? look.PLAIN : window, invert && !own);
}

/** @type {(sheet: Sheet, window: GreyWindow, invert: boolean) => void} */
function straighten(sheet, { width, level }, invert) {
  const slope = 255 / width;
  const intercept = 0.5 - level / width;
  const [rise, start] = invert ? [-slope, 1 - intercept] : [slope, intercept];
  const wanted = `${rise} ${start}`;
  if (sheet.toned === wanted) return;
  sheet.toned = wanted;
  for (const channel of sheet.channels) {
    channel.setAttribute("slope", String(rise));
    channel.setAttribute("intercept", String(start));
  }
  sheet.tone.style.filter = rise === 1 && start === 0 ? "none" : sheet.filter;
}

/**
 * @param {Sheet} sheet
 * @param {Kept} item
 */
async function load(sheet, item) {
  if (sheet.wanted === item.film) return;
  sheet.wanted = item.film;
  sheet.node.classList.add("loading");
  try {
    const url = await pictures.film(item.film);
    if (sheet.wanted !== item.film) return;
    sheet.picture.src = url;
    await sheet.picture.decode();
    if (sheet.wanted !== item.film) return;
    sheet.shown = item.film;
    sheet.picture.alt = words.t("{film}, chest film", { film: words.film(item) });
  } catch {
    if (sheet.wanted !== item.film) return;
    // asked for again after a while, never at once; one that is gone not at all
    if (!analysis.isGone(item)) {
      setTimeout(() => loadAgain(sheet, item.film), TRY_AGAIN_AFTER_MS);
      return;
    }
  }
  sheet.node.classList.remove("loading");
  changed();
}

/** @type {(sheet: Sheet, film: string) => void} */
function loadAgain(sheet, film) {
  if (sheet.wanted !== film || sheet.shown === film) return;
  sheet.wanted = null;
  changed();
}

/** @param {Sheet} sheet */
function clear(sheet) {
  Object.assign(sheet, { shown: null, wanted: null, pane: null });
  levelsLayer.hide(sheet.layer);
}

export { make, paneOf, roomOf, isFilled, isReady, place, tone, load, clear, drawing };
