/* Which film may be a prior of another. Films of one patient are known by a tag of the patient's number, made anew for each
 * session of a browser (cxr_dash/services/same_patient.py): it tells that two are one, and how far apart, not who or when. */
import { plural, t } from "../0-core/10-words.js";

const HOUR = 3600;
const DAY = 24 * HOUR;
const MONTH = 30.44 * DAY;
/** @type {[number, number, (n: number) => string][]} */
const SPANS = [
  [DAY, HOUR, (n) => plural("{n} hour", "{n} hours", n)],
  [60 * DAY, DAY, (n) => plural("{n} day", "{n} days", n)],
  [730 * DAY, MONTH, (n) => plural("{n} month", "{n} months", n)],
  [Infinity, 365.25 * DAY, (n) => plural("{n} year", "{n} years", n)],
];
/** @type {Relation["kind"][]} */
const PLACES = ["earlier", "day", "undated", "later", "unknown", "different"]; // of kinds, in the list to choose from

/** Seconds from one film to another; null where one has no moment. Of a day alone whole days are told.
 * @type {(one: Row, other: Row) => number | null} */
function apart(one, other) {
  if (!isMoment(one.taken) || !isMoment(other.taken)) return null;
  const seconds = other.taken - one.taken;
  if (one.day_only) return Math.floor(seconds / DAY) * DAY;
  return other.day_only ? Math.ceil(seconds / DAY) * DAY : seconds;
}

/**
 * @param {number | null | undefined} taken
 * @returns {taken is number}
 */
const isMoment = (taken) => Number.isFinite(taken);

/** @param {number} seconds */
function span(seconds) {
  const [, unit, words] = SPANS.find(([below]) => seconds < below) ?? SPANS[SPANS.length - 1];
  return seconds < HOUR ? t("less than an hour") : words(Math.round(seconds / unit));
}

/** What is known of `other` beside `one`: {kind, same, seconds, words}; `same`: the files give one patient.
 * @param {Row} one
 * @param {Row} other
 * @returns {Relation}
 */
function relation(one, other) {
  if (!one.patient || !other.patient) return { kind: "unknown", same: false, words: t("Not known to be the same patient") };
  if (one.patient !== other.patient) return { kind: "different", same: false, words: t("Not the same patient by their files") };
  const seconds = apart(one, other);
  if (seconds === null) return { kind: "undated", same: true, seconds: 0, words: t("Same patient ID, no dates") };
  if (!seconds) return { kind: "day", same: true, seconds, words: t("Same patient ID, same day") };
  const time = span(Math.abs(seconds));
  const words = seconds < 0 ? t("Same patient ID, {time} earlier", { time }) : t("Same patient ID, {time} later", { time });
  return { kind: seconds < 0 ? "earlier" : "later", same: true, seconds, words };
}

/** Whether a film that its reader chose can be called a prior: not where the files say otherwise.
 * @param {Row} one
 * @param {Row} other
 * @returns {boolean}
 */
const mayBePrior = (one, other) => !["later", "different"].includes(relation(one, other).kind);

/** The other films: of the same patient first, the nearest earlier one at the head; then as the list has them.
 * @param {Row} one
 * @param {readonly Row[]} films
 */
function ordered(one, films) {
  const all = films.filter((item) => item.id !== one.id).map((item) => ({ item, ...relation(one, item) }));
  return all.sort((a, b) => PLACES.indexOf(a.kind) - PLACES.indexOf(b.kind) || Math.abs(a.seconds || 0) - Math.abs(b.seconds || 0));
}

/** The nearest earlier film of the same patient, to be offered; null where none is known.
 * @param {Row} one
 * @param {readonly Row[]} films
 */
const found = (one, films) => ordered(one, films).find(({ kind }) => kind === "earlier") || null;

export { relation, mayBePrior, ordered, found };
