/* A film's own levels on a canvas over its picture, drawn by the processor: a table of 65,536 greys, and as many pixels
 * as the screen has for the part that is in view. docs/adr tells what was measured, and why no graphics card is asked. */
import { changed, element, pen } from "../0-core/00-core.js";
import * as ownLevels from "./50-own-levels.js";
import * as geometry from "./51-geometry.js";
import * as tones from "./51-tones.js";

const AROUND = 0.125; // of the room, so that a drag does not draw anew at every step
const FRAME_MS = 6; // of a frame for drawing, while it moves; what is left out is drawn at rest
const FEWEST = 250_000; // pixels, however slow the machine
const OPAQUE = 0xff000000;

/** @returns {LevelsLayer} */
function make() {
  const canvas = element("canvas", { class: "levels", "aria-hidden": "true", hidden: true });
  /** @type {LevelsLayer} */
  const layer = { canvas, context: null, image: null, levels: null, drawn: "", area: null, pace: 200_000, lost: false };
  // a browser may take a canvas away, and give it back: until then the picture of 8 bits stands there
  canvas.addEventListener("contextlost", () => {
    Object.assign(layer, { lost: true, drawn: "" });
    changed();
  });
  canvas.addEventListener("contextrestored", () => {
    layer.lost = false;
    changed();
  });
  return layer;
}

/** How many of the film's pixels one of the canvas stands for: never so many that the screen would show it coarser.
 * @type {(shown: number, pixels: number, most: number) => number} */
function stepFor(shown, pixels, most) {
  let step = 1;
  while (2 * step * shown <= 1) step *= 2;
  while (pixels / (step * step) > most) step *= 2;
  return step;
}

/** The part of the film in a room, in its own pixels.
 * @type {(m: Matrix, room: Size, film: Size, around: number) => Area} */
function inView(m, { width, height }, film, around) {
  const [dx, dy] = [width * around, height * around];
  const corners = [[-dx, -dy], [width + dx, -dy], [-dx, height + dy], [width + dx, height + dy]];
  const points = corners.map(([x, y]) => geometry.toFilm(m, { x, y }));
  /** @type {(value: number, most: number) => number} */
  const within = (value, most) => Math.min(most, Math.max(0, value));
  /** @type {(values: number[], most: number) => number[]} */
  const span = (values, most) => [within(Math.floor(Math.min(...values)), most), within(Math.ceil(Math.max(...values)), most)];
  const [left, right] = span(points.map(({ x }) => x), film.width);
  const [top, low] = span(points.map(({ y }) => y), film.height);
  return { left, right, top, low };
}

/** @type {(one: Area | null, other: Area) => boolean} */
const holds = (one, other) =>
  one !== null && one.left <= other.left && one.right >= other.right && one.top <= other.top && one.low >= other.low;

/** `at`: {m, room, shown}, the matrix, the room and the screen's pixels per film pixel. Whether the levels stand there.
 * @param {LevelsLayer} layer
 * @param {Levels} levels
 * @param {NonNullable<Sheet["at"]>} at
 * @param {Tone} tone
 * @param {boolean} quick
 * @returns {boolean}
 */
function paint(layer, levels, at, tone, quick) {
  if (layer.lost) return hide(layer);
  const needed = inView(at.m, at.room, levels, 0);
  const most = quick ? Math.max(FEWEST, FRAME_MS * layer.pace) : Infinity;
  const step = stepFor(at.shown, (needed.right - needed.left) * (needed.low - needed.top), most);
  const { width, level, curve, table } = tone.window;
  const drawn = [step, width, level, curve, table, tone.invert].join("|");
  if (layer.levels !== levels || layer.drawn !== drawn || !holds(layer.area, needed)) {
    // a window that is being dragged changes all of it each time
    const area = layer.drawn === drawn ? inView(at.m, at.room, levels, AROUND) : needed;
    try {
      draw(layer, levels, tones.greys(levels, tone.window, tone.invert), area, step);
    } catch {
      return hide(layer); // no canvas, or no memory for it
    }
    Object.assign(layer, { levels, drawn, area });
  }
  layer.canvas.hidden = false;
  return true;
}

/** @type {(layer: LevelsLayer, levels: Levels, table: Uint8Array, area: Area, step: number) => void} */
function draw(layer, levels, table, area, step) {
  const { canvas } = layer;
  const source = ownLevels.size(levels, step);
  const [x, y] = [Math.floor(area.left / step), Math.floor(area.top / step)];
  const [width, height] = [Math.max(1, Math.ceil(area.right / step) - x), Math.max(1, Math.ceil(area.low / step) - y)];
  layer.context ??= pen(canvas, { alpha: false });
  if (!layer.image || layer.image.width !== width || layer.image.height !== height) {
    [canvas.width, canvas.height] = [width, height];
    layer.image = new ImageData(width, height);
  }
  const began = performance.now();
  colour(layer.image, source, x, y, table);
  layer.context.putImageData(layer.image, 0, 0);
  // pixels in a millisecond: the middle of what it was and what it is, as a machine is busy at times
  layer.pace = (layer.pace + (width * height) / Math.max(0.1, performance.now() - began)) / 2;
  const { style } = canvas;
  const place = { left: x * step, top: y * step, width: width * step, height: height * step };
  for (const [side, length] of Object.entries(place)) style.setProperty(side, `${length}px`);
}

/** @type {(image: ImageData, film: Levels["sizes"][number], x: number, y: number, table: Uint8Array) => void} */
function colour({ data, width, height }, { codes, width: across }, x, y, table) {
  const colours = new Uint32Array(table.length);
  for (let code = 0; code < colours.length; code += 1) colours[code] = OPAQUE | (table[code] * 0x010101);
  const out = new Uint32Array(data.buffer);
  for (let row = 0, to = 0; row < height; row += 1) {
    let from = (y + row) * across + x;
    for (const end = from + width; from < end; from += 1, to += 1) out[to] = colours[codes[from]];
  }
}

/**
 * @param {LevelsLayer} layer
 * @returns {boolean}
 */
function hide(layer) {
  if (!layer.canvas.hidden) layer.canvas.hidden = true;
  // what is not in view needs no memory
  if (layer.levels) Object.assign(layer, { levels: null, drawn: "", area: null, image: null });
  return false;
}

export { make, paint, hide };
