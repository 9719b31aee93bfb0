/* The address holds model and film, so that the browser's back and forward lead through what was looked at. A film stands in it
 * by its row in this tab's list: no name, and no key by which the server would hand it out. Behind the "#", nothing of it is sent. */
import { addField, byId, changed, listen, painters, state, tell } from "../0-core/00-core.js";
import { select } from "../0-core/13-films.js";
import * as analysis from "./30-analysis.js";
import * as session from "./32-session.js";

// a section of the page about the model, which has the address while it is open; of one model's label where one was chosen
const PAGE = /^#card-([a-z]{1,20})(?::([\w-]{1,64}):([\w-]{1,64}))?$/;
/** @typedef {{ section: string, model: string | null, label: string | null }} Place */
const STILL_MS = 300; // films that are only passed by leave no entry
const setGone = addField("filmGone", false); // whether the address asked for names a film that the list has no more
let mark = Math.random().toString(36).slice(2, 8); // of this list: another one's rows have the same numbers
let first = /** @type {string | null} */ (null); // the model that the page came with
let going = /** @type {string | null} */ (null); // the model that was gone back to, until the selector has it
let timer = 0; // 0 while none runs
let shown = /** @type {string | null} */ (null); // the film in view when the address was looked at last

/** @param {string} id */
const nameOf = (id) => `${id}.${mark}`;
/** @param {string} film */
const named = (film) => state.films.find(({ id }) => nameOf(id) === film) || null;

/* {model, film} of an address; null where it holds none. */
function read() {
  const found = new URLSearchParams(window.location.hash.slice(1));
  return found.has("model") ? { model: found.get("model"), film: found.get("film") } : null;
}

/** Where on the page about the model an address leads; null where to nothing of it.
 * @param {string} hash
 * @returns {Place | null}
 */
function place(hash) {
  // mail and chat programs escape the colons
  const [, section, model, label] = PAGE.exec(hash.replaceAll("%3A", ":")) || [];
  return section ? { section, model: model ?? null, label: label ?? null } : null;
}

/** @param {string} model */
const offers = (model) => [...byId("model").options].some((one) => one.value === model && !one.disabled);

function wanted() {
  const parts = new URLSearchParams({ model: byId("model").value });
  if (state.selected) parts.set("film", nameOf(state.selected));
  return `#${parts}`;
}

function write() {
  timer = 0;
  const next = wanted();
  if (going || window.location.hash === next || place(window.location.hash)) return;
  const here = read();
  if (!here && !state.selected && byId("model").value === first) return;
  // an address without a film takes the first one up, and one whose film went that which came into view for it
  const empty = state.selected && (!here || (here.film === null && here.model === byId("model").value));
  const gone = here && here.film !== null && !named(here.film);
  if (empty || gone) window.history.replaceState(null, "", next);
  else window.history.pushState(null, "", next);
}

/** Show what the address says.
 * @param {{ model: string | null, film: string | null }} address
 */
function go({ model, film }) {
  const item = film ? named(film) : null;
  if (item) {
    select(item.id);
    tell("reveal", item.id);
  }
  setGone(Boolean(film) && !item);
  if (model !== null && model !== byId("model").value && offers(model)) turn(model);
  changed();
}

/** @param {string} model */
function turn(model) {
  going = model;
  analysis.turnTo(model);
}

/* Where the address stood before the page about the model was opened. */
function leavePage() {
  if (!place(window.location.hash)) return;
  const bare = window.location.pathname + window.location.search;
  replace(state.selected || byId("model").value !== first ? wanted() : bare);
}

/** Write where on the page about the model the reader is.
 * @param {Place} at
 * @returns {string} the address
 */
function namePlace({ section, model, label }) {
  const next = `#card-${section}${label ? `:${model}:${label}` : ""}`;
  if (window.location.hash !== next) replace(next);
  return next;
}

/** What follows the address is told, of all of it: where its parts differ, it goes back to the part that is older.
 * @param {string} next */
function replace(next) {
  window.history.replaceState(window.history.state, "", next);
  window.dash_clientside.set_props("address", { hash: window.location.hash, href: window.location.href });
}

function start() {
  byId("model").addEventListener("change", () => (going = null));
  window.addEventListener("popstate", () => {
    const to = read() || (window.location.hash ? null : { model: first, film: null }); // "#panel" is a place on the page
    if (to) go(to);
  });
  shown = state.selected;
  const here = read();
  // a list that came back with its tab knows better than an address which it may not have reached yet
  if (here && !state.films.length) go(here);
  else if (here && here.film && !named(here.film)) setGone(true);
}

painters.push(() => {
  if (!state.facts) return;
  first = first || state.facts.id;
  if (going && byId("model").value === going) going = null;
  // also a film that came into view in silence: the first of a list, or the next of one that went
  if (state.selected !== shown) setGone(false);
  shown = state.selected;
  if (!timer && window.location.hash !== wanted()) timer = setTimeout(write, STILL_MS);
});
// what one reader looked at is no address for the next
listen("other-reader", () => window.history.replaceState(null, "", window.location.pathname + window.location.search));
session.part("address", { save: () => mark, load: (kept) => (mark = kept) });

export { start, place, offers, turn, namePlace, leavePage };
