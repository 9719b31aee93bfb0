/* What the model said of the films, and the one gate before it. */
import { addField, state } from "./00-core.js";
import { isKept } from "./13-films.js";

const answers = /** @type {Map<string, Heard>} */ (new Map()); // "model/film" -> what the model said
const anyway = /** @type {Set<string>} */ (new Set()); // "model/film" whose figures were asked for in spite of the verdict
addField("answers", answers);
addField("showRejected", anyway);

/**
 * @param {string} model
 * @param {string} film
 * @returns {string}
 */
const answerKey = (model, film) => `${model}/${film}`;

/** What the model said of a film, shown or not. For the part that asks and for the rule below, not for the screen.
 * @param {Row | null} item
 * @returns {Heard | null}
 */
const heard = (item) =>
  (item && item.film && state.facts && !state.lateModel && state.answers.get(answerKey(state.facts.id, item.film))) || null;

/** @param {Heard} answer */
const hear = (answer) => answers.set(answerKey(answer.model, answer.film), answer);

/** @param {string} film */
function forgetAnswers(film) {
  for (const known of answers.keys()) if (known.endsWith(`/${film}`)) answers.delete(known);
}

/**
 * @param {string} id
 * @param {boolean} [shown]
 */
const showAnyway = (id, shown = true) => (shown ? anyway.add(id) : anyway.delete(id));

/* The one gate before everything that is shown, spoken or saved: films whose answer has to wait (40-read-first.js). */
/** @type {(item: Row) => boolean} */
let waits = () => false;
/** @param {(item: Row) => boolean} rule */
const hideWhile = (rule) => (waits = rule);

/**
 * @param {Row | null} item
 * @returns {boolean}
 */
const hidden = (item) => (item ? waits(item) : false);

/**
 * @param {Row | null} item
 * @returns {Heard | null}
 */
const answerOf = (item) => (hidden(item) ? null : heard(item));

/** The film was read, and judged fit for it or shown in spite of the verdict.
 * @param {Row | null} item
 * @param {Heard | null | undefined} answer
 * @returns {answer is Readable}
 */
function readable(item, answer) {
  if (!answer || answer.error) return false;
  if (answer.quality.verdict !== "reject") return true;
  return isKept(item) && !answer.quality.withheld && state.showRejected.has(answerKey(answer.model, item.film));
}

/**
 * @param {Row | null} item
 * @param {Heard | null | undefined} answer
 * @returns {answer is Readable}
 */
const figuresShown = (item, answer) => readable(item, answer) && !hidden(item);

export { answerKey, heard, hear, forgetAnswers, showAnyway, hideWhile, hidden, answerOf, readable, figuresShown };
