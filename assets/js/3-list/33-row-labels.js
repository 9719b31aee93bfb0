/* What a reader writes on a row, "bed 4", and what of rows' names outlives a reload.
 *
 * Names and labels may be a patient's. The tab's own storage keeps them for as long as the server keeps the film, for the
 * user who is signed in; they go with their row. The server is sent no file's name, and a label with the report alone. */
import { around, changed, pageSettings, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import * as signedOut from "../0-core/16-signed-out.js";
import * as files from "./30-files.js";
import * as session from "./32-session.js";

const LOOK_EVERY_MS = 20000;
const SLUG_CHARACTERS = 24;
let left = false; // the reader has signed out

/** The rule of clean_label in cxr_dash/services/exports/film_label.py.
 * @param {string} text
 * @returns {string}
 */
function clean(text) {
  const shown = text.normalize("NFC").replace(/[\t-\r\p{Z}]/gu, " ").replace(/\p{C}/gu, "").replace(/ +/g, " ");
  return [...shown.trim()].slice(0, pageSettings().rules.most_of_label).join("").trim();
}

/**
 * @param {Row} item
 * @returns {string}
 */
const of = (item) => item.rowLabel || "";

/**
 * @param {Row} item
 * @param {string} text
 */
function set(item, text) {
  item.rowLabel = clean(text);
  changed();
}

/** "film 03 · bed 4"
 * @param {Row} item
 * @returns {string}
 */
const title = (item) => [words.film(item), of(item)].filter(Boolean).join(" · ");

/** The label in letters that every system takes in a file's name; "" where none is left.
 * @param {Row} item
 * @returns {string}
 */
function slug(item) {
  const plain = of(item).normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").slice(0, SLUG_CHARACTERS).replace(/^-+|-+$/g, "");
}

/** Whether the film's time on the server is not over; one that was never there has as long.
 * @param {Row} item
 */
const inTime = (item) => Date.now() < (item.keptAt || item.addedAt || 0) + pageSettings().case_lifetime_seconds * 1000;

function save() {
  if (left || signedOut.isOver()) return {};
  /** @param {Row} item */
  const known = (item) => [files.known(item), of(item)];
  const rows = state.films.filter((item) => inTime(item) && known(item).some(Boolean));
  return Object.fromEntries(rows.map((item) => [item.id, known(item)]));
}

/** @param {Record<string, [string, string]>} kept */
function load(kept) {
  for (const item of state.films) {
    if (!kept[item.id] || !inTime(item)) continue;
    const [name, label] = kept[item.id];
    if (name) files.recall(item, name);
    set(item, label);
  }
}

session.part("names", { save, load });
document.addEventListener("submit", (event) => {
  if (around(event, ".signed-in")) left = true;
});
// a tab in the background paints nothing, and its films' time ends all the same
setInterval(() => state.films.length && session.save(), LOOK_EVERY_MS);

export { clean, of, set, title, slug };
