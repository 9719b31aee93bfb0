/* The rows of the list, and the one in view. */
import { addField, changed, present, state, tell } from "./00-core.js";

const setFilms = addField("films", []); // {id, number, status, film, width, height, message, remedy, ...}
const putInView = addField("selected", null); // row id

/** @param {Row} item */
const addRow = (item) => setFilms([...state.films, item]);
/** @param {Row} item */
const takeRowOut = (item) => setFilms(state.films.filter((other) => other !== item));

/** @returns {Row | null} */
const rowInView = () => state.films.find((item) => item.id === state.selected) || null;

/** The same where there is one: a part of the page that stands beside a film asks for it.
 * @returns {Row}
 * @throws {Error} where the list is empty
 */
const rowAtHand = () => present(rowInView(), "film in view");

/** Whether the server keeps a row's film: the row knows its key and its size then.
 * @param {Row | null | undefined} item
 * @returns {item is Kept}
 */
const isKept = (item) => Boolean(item && item.film);

/** As the reader does it; a film that comes into view because another went is put there in silence.
 * @param {string | null} id
 */
function select(id) {
  if (state.selected === id) return;
  putInView(id);
  tell("selected");
  changed();
}

/* The row that takes a row's place when it goes. The list's order says which, by the rule of 34-listing.js. */
/** @type {(item: Row) => Row | null} */
let follows = () => null;
/** @param {(item: Row) => Row | null} rule */
const followBy = (rule) => (follows = rule);

/**
 * @param {Row} item
 * @returns {Row | null}
 */
const beside = (item) => follows(item);

export { rowInView, rowAtHand, isKept, addRow, takeRowOut, putInView, select, followBy, beside };
