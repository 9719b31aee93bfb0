/* Every request of the page, Dash's own too: each has a limit, and one that the server leaves without an answer is said. */
import { addField, changed, state, url } from "./00-core.js";

const SAID_AFTER_MS = 5000;
const LIMIT_MS = 120000; // to the last byte, where a request says nothing else
const write = addField("serverSlow", false); // whether a request waits for longer than is worth no word
/** @typedef {{ late: boolean, stop: (() => void) | null, timers: number[] }} Waiting a request, and what its time brings */
const open = /** @type {Set<Waiting>} */ (new Set());
const plain = window.fetch.bind(window);

function tell() {
  const slow = [...open].some(({ late }) => late);
  if (slow === state.serverSlow) return;
  write(slow);
  changed();
}

/** A request has gone out. `stop` ends one that can say nothing of a limit itself, once nothing was heard for so long.
 * @param {(() => void) | null} [stop]
 * @returns {Waiting}
 */
function begin(stop = null) {
  /** @type {Waiting} */
  const one = { late: false, stop, timers: [] };
  open.add(one);
  heard(one);
  return one;
}

/** Something came, or went: its time begins anew.
 * @param {Waiting} one
 */
function heard(one) {
  one.timers.forEach(clearTimeout);
  one.late = false;
  one.timers = [setTimeout(() => {
    one.late = true;
    tell();
  }, SAID_AFTER_MS)];
  if (one.stop) one.timers.push(setTimeout(one.stop, LIMIT_MS));
  tell();
}

/** @param {Waiting} one */
function end(one) {
  one.timers.forEach(clearTimeout);
  open.delete(one);
  tell();
}

/* As the browser's own, with `limit` in milliseconds beside what that takes. */
window.fetch = async (address, { limit = LIMIT_MS, signal = null, ...options } = {}) => {
  const ends = [AbortSignal.timeout(limit), ...(signal ? [signal] : [])];
  const one = begin();
  try {
    return await plain(address, { ...options, signal: AbortSignal.any(ends) });
  } finally {
    end(one);
  }
};

/** Ask this server, at a path of the page.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
const ask = (path, options = {}) => window.fetch(url(path), { cache: "no-store", ...options });

/** Whether an error is the browser's of that name, as "TimeoutError" or "AbortError".
 * @param {unknown} error
 * @param {string} name
 * @returns {boolean}
 */
const isNamed = (error, name) => error instanceof Error && error.name === name;

/** Whether no answer came, in time or at all; anything else that fails is a fault of ours.
 * @param {unknown} error
 * @returns {boolean}
 */
const unanswered = (error) => error instanceof TypeError || isNamed(error, "TimeoutError");

export { begin, heard, end, ask, isNamed, unanswered };
