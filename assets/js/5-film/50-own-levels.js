/* The own levels of films with more than 8 bits: asked for once a film has been in view for a moment, and kept for the
 * films in view alone. Until they have come, and where they cannot, a film is its picture of 8 bits. */
import { changed, listen } from "../0-core/00-core.js";
import * as requests from "../0-core/16-requests.js";

const REST_MS = 150; // who leafs through a list asks for none
const TRY_AGAIN_AFTER_MS = 3000;
const CODES = 65536;
const held = /** @type {Map<string, { levels: Levels | null, stop: () => void }>} */ (new Map()); // by film: levels are null until they have come

/**
 * @param {string} film
 * @returns {Levels | null}
 */
const of = (film) => held.get(film)?.levels ?? null;

/** What comes: the length of a JSON text, the text, tables of a grey for each code, codes row by row;
 * cxr_dash/web/levels.py writes it.
 * @param {ArrayBuffer} buffer
 * @returns {Levels}
 */
function read(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const from = 4 + length;
  const tables = Array.from({ length: told.tables }, (_, index) => new Uint8Array(buffer, from + index * CODES, CODES));
  const codes = new Uint16Array(buffer, from + told.tables * CODES, told.width * told.height);
  return { ...told, tables, sizes: [{ width: told.width, height: told.height, codes }] };
}

/** The film with every `step`-th pixel of its sides, a power of two: the mean of what it stands for, padding where any is.
 * @param {Levels} levels
 * @param {number} step
 */
function size(levels, step) {
  const { sizes, padding } = levels;
  for (let index = sizes.length; 2 ** index <= step; index += 1) sizes.push(halved(sizes[index - 1], padding));
  return sizes[Math.log2(step)];
}

/** @type {(film: Levels["sizes"][number], padding: number | null) => Levels["sizes"][number]} */
function halved({ width, height, codes }, padding) {
  const [across, down] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const half = new Uint16Array(across * down);
  const pad = padding ?? -1; // compared with numbers alone: with null this takes ten times as long
  for (let y = 0; y < down; y += 1) {
    const above = 2 * y * width;
    const below = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < across; x += 1) {
      const [left, right] = [2 * x, Math.min(2 * x + 1, width - 1)];
      const [a, b, c, d] = [codes[above + left], codes[above + right], codes[below + left], codes[below + right]];
      const pads = a === pad || b === pad || c === pad || d === pad;
      half[y * across + x] = pads ? pad : (a + b + c + d + 2) >> 2;
    }
  }
  return { width: across, height: down, codes: half };
}

/** @type {(film: string, signal: AbortSignal) => Promise<Levels | null>} */
async function ask(film, signal) {
  const reply = await requests.ask(`/films/${film}/levels.bin`, { signal });
  // one that is gone, or has none, is not asked for again
  if (!reply.ok && reply.status < 500) return null;
  if (!reply.ok) throw new Error(`levels: ${reply.status}`);
  return read(await reply.arrayBuffer());
}

/** @param {string} film */
function begin(film) {
  const ending = new AbortController();
  const entry = /** @type {{ levels: Levels | null, stop: () => void }} */ ({ levels: null, stop: () => (clearTimeout(timer), ending.abort()) });
  const still = () => held.get(film) === entry;
  const start = async () => {
    try {
      entry.levels = await ask(film, ending.signal);
      if (still()) changed();
    } catch (error) {
      // over a link that is too slow for them the same would come to nothing again
      if (still() && !requests.isNamed(error, "TimeoutError")) timer = setTimeout(start, TRY_AGAIN_AFTER_MS);
    }
  };
  let timer = setTimeout(start, REST_MS);
  held.set(film, entry);
}

/** @param {string} film */
function drop(film) {
  held.get(film)?.stop();
  held.delete(film);
}

/** `items`: the films in view. All others are let go.
 * @param {readonly Kept[]} items
 */
function keep(items) {
  const wanted = new Set(items.filter((item) => item.levels).map((item) => item.film));
  for (const film of held.keys()) if (!wanted.has(film)) drop(film);
  for (const film of wanted) if (!held.has(film)) begin(film);
}

listen("film-gone", drop);
// what a lost server, or one that asked for a sign-in, did not give is asked for once more
listen("server-back", () => [...held].filter(([, { levels }]) => !levels).forEach(([film]) => drop(film)));

export { of, size, keep };
