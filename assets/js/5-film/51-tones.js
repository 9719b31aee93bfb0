/* Windows on a film's own levels, as pure functions, by the rule of cxr_dash/imaging/level_window.py.
 *
 * A window is {width, level, curve, table} in shown levels: 0 and 255 are the levels that the film's first picture shows
 * black and white, and the scale goes on beyond both; so it means the same on films of any depth. `curve` is "sigmoid" or
 * nothing, `table` one of those that the film's file brings. For people it stands in the film's own unit. */
import * as look from "./50-look.js";

const CODES = 65536;

/** @param {Pick<Levels, "black" | "white">} levels */
const perLevel = ({ black, white }) => 255 / (white - black);

/** Whether a window is that of a film's first picture.
 * @param {GreyWindow} window
 * @returns {boolean}
 */
const isPlain = ({ width, level, curve, table }) =>
  width === look.PLAIN.width && level === look.PLAIN.level && !curve && !table;

/** Grey of every code, 0-255.
 * @param {Levels} levels
 * @param {GreyWindow} window
 * @param {boolean} invert
 * @returns {Uint8Array}
 */
function greys(levels, window, invert) {
  const { table } = window;
  const given = table === undefined ? null : levels.tables[table];
  const made = isPlain(window) ? levels.tables[0] : given || drawn(levels, window);
  if (!invert) return made;
  const turned = new Uint8Array(CODES);
  for (let code = 0; code < CODES; code += 1) turned[code] = 255 - made[code];
  return turned;
}

/**
 * @param {Levels} levels
 * @param {GreyWindow} window
 */
function drawn(levels, { width, level, curve }) {
  const made = new Uint8Array(CODES);
  const rise = (levels.slope * perLevel(levels)) / width;
  const start = ((levels.intercept - levels.black) * perLevel(levels) - level) / width;
  for (let code = 0; code < CODES; code += 1) {
    const offset = start + rise * code;
    const share = curve === "sigmoid" ? 1 / (1 + Math.exp(-4 * offset)) : Math.min(1, Math.max(0, offset + 0.5));
    made[code] = Math.floor(255 * share + 0.5);
  }
  if (levels.padding !== null) made[levels.padding] = 0;
  return made;
}

/** A window's figures in the film's own unit; with `inclusive` both ends are counted in, as in a DICOM file.
 * @param {Levels} levels
 * @param {GreyWindow} window
 * @returns {GreyWindow}
 */
function toOwn(levels, { width, level }) {
  const own = { width: width / Math.abs(perLevel(levels)), level: levels.black + level / perLevel(levels) };
  return levels.inclusive ? { width: own.width + 1, level: own.level + 0.5 } : own;
}

/**
 * @param {Levels} levels
 * @param {GreyWindow} window
 * @returns {GreyWindow}
 */
function fromOwn(levels, { width, level }) {
  const [wide, at] = levels.inclusive ? [width - 1, level - 0.5] : [width, level];
  return { width: wide * Math.abs(perLevel(levels)), level: (at - levels.black) * perLevel(levels) };
}

/** A window that the file brings, whose figures count no end in.
 * @param {Levels} levels
 * @param {GreyWindow} window
 * @returns {GreyWindow}
 */
function ofFile(levels, { width, level, curve, table: chosen }) {
  const { width: shown, level: at } = fromOwn({ ...levels, inclusive: false }, { width, level });
  return { width: shown, level: at, ...(curve === "sigmoid" ? { curve } : {}), ...(chosen ? { table: chosen } : {}) };
}

/** The least and most that a slider gives, in the film's own unit.
 * @param {Levels} levels
 * @returns {Record<"width" | "level", Interval>}
 */
function limits(levels) {
  const { lowest, highest, inclusive } = levels;
  const step = Math.abs(levels.slope);
  return { width: [step + (inclusive ? 1 : 0), Math.max(2 * step, 2 * (highest - lowest))], level: [lowest, highest] };
}

/** The level of a pixel; null for padding.
 * @param {Levels} levels
 * @param {number} x
 * @param {number} y
 */
function valueAt(levels, x, y) {
  const code = levels.sizes[0].codes[y * levels.width + x];
  return code === levels.padding ? null : levels.slope * code + levels.intercept;
}

export { isPlain, greys, toOwn, fromOwn, ofFile, limits, valueAt };
