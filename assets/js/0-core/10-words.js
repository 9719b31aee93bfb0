/* What people read: sentences in their language, figures and lists as it writes them.
 *
 * Sentences stand in the scripts in English, as string literals in t("…") and plural("…", "…", n), from where
 * they are collected for translators; `{name}` stands for a value. Scripts say them while they run, never
 * while they load: the language comes with the page's settings. */
import { pageSettings, state } from "./00-core.js";

const language = () => (state.settings ? state.settings.language : "en");
const known = () => (state.settings ? state.settings.words : {});

/** @type {(text: string, values: Record<string, unknown>) => string} */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (field, name) => (name in values ? String(values[name]) : field));

/** The sentence in the reader's language.
 * @param {string} text
 * @param {Record<string, unknown>} [values]
 * @returns {string}
 */
function t(text, values = {}) {
  const found = known()[text];
  return fill(typeof found === "string" ? found : text, values);
}

let rules = new Intl.PluralRules("en"); // which of CLDR's categories a number has, in the language that was asked for last
let rulesOf = "en";

/** @param {number} number */
function category(number) {
  if (rulesOf !== language()) [rules, rulesOf] = [new Intl.PluralRules(language()), language()];
  return rules.select(number);
}

/** The form for a number, of as many as the language has, which all may name as {n}.
 * @param {string} one
 * @param {string} many
 * @param {number} number
 * @param {Record<string, unknown>} [values]
 * @returns {string}
 */
function plural(one, many, number, values = {}) {
  const found = known()[one];
  // what has no translation is said in English, and counted as English does
  const forms = Array.isArray(found) ? found : [one, many];
  const at = Array.isArray(found) ? pageSettings().plural_forms[category(number)] : Number(number !== 1);
  return fill(forms[at] ?? forms[forms.length - 1], { n: number, ...values });
}

/** Marks a sentence for translators where it is not yet said.
 * @param {string} text
 * @returns {string}
 */
const N_ = (text) => text;

/** A number with so many decimals, with the language's decimal sign and no thousands'.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
function decimal(value, digits = 0) {
  return new Intl.NumberFormat(language(), {
    minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false,
  }).format(value);
}

/** A probability or share for people; the no-break space keeps the number and its sign on one line.
 * @param {number} value
 * @returns {string}
 */
const percent = (value) => (Number.isFinite(value) ? `${inPercent(value * 100)}\u00a0%` : "–");

/** Enough digits to tell small ones apart, never a false 0 or 100.
 * @param {number} share
 */
function inPercent(share) {
  if (share > 0 && share < 0.1) return `<${decimal(0.1, 1)}`;
  if (share < 100 && share > 99.9) return `>${decimal(99.9, 1)}`;
  if (share < 9.95 && share > 0) return decimal(share, 1);
  if (share > 99 && share < 100) return decimal(share, 1);
  return decimal(share);
}

const MOST_DIGITS = 3;

/** A probability and what it is held against, as text: where two that differ would read alike ("48 % against 48 %"), both
 * get a digit more, three at most.
 * @param {number} first
 * @param {number} second
 * @returns {string[]}
 */
function pair(first, second) {
  const plain = [percent(first), percent(second)];
  if (plain[0] !== plain[1] || first === second || !Number.isFinite(first) || !/^\d/.test(plain[0])) return plain;
  for (let digits = 1; digits <= MOST_DIGITS; digits += 1) {
    const both = [first, second].map((value) => `${decimal(value * 100, digits)}\u00a0%`);
    if (both[0] !== both[1]) return both;
  }
  return plain;
}

/** An interval in whole per cent, "79–94".
 * @param {Interval | null} bounds
 * @returns {string}
 */
function interval(bounds) {
  if (!bounds || bounds.some((bound) => bound === null || Number.isNaN(bound))) return t("not estimable");
  const [low, high] = bounds.map((bound) => bound * 100);
  const digits = high - low < 1 && high < 10 ? 1 : 0;
  return `${decimal(low, digits)}–${decimal(high, digits)}`;
}

/** A finding's name inside a sentence, small in languages that write it so there; abbreviations stay.
 * @param {string} name
 * @returns {string}
 */
const lower = (name) =>
  !pageSettings().rules.nouns_large && /^\p{Lu}\p{Ll}/u.test(name) ? name[0].toLowerCase() + name.slice(1) : name;

/** "a", "a and b", "a, b and 3 more", joined as the language does it.
 * @param {string[]} names
 * @param {number} [most]
 * @returns {string}
 */
function list(names, most = pageSettings().rules.most_named) {
  const rest = names.length - most + 1;
  const shown = names.length > most ? [...names.slice(0, most - 1), plural("{n} more", "{n} more", rest)] : names;
  const style = language() === "en" ? "en-GB" : language(); // no comma before "and"
  return new Intl.ListFormat(style, { type: "conjunction" }).format(shown);
}

/**
 * @param {{ number: number }} item
 * @returns {string}
 */
const film = (item) => t("film {number}", { number: String(item.number).padStart(2, "0") });

/**
 * @param {number} bytes
 * @returns {string}
 */
const megabytes = (bytes) => `${decimal(bytes / 2 ** 20, bytes < 10 * 2 ** 20 ? 1 : 0)}\u00a0MB`;

export { t, plural, N_, language, decimal, percent, pair, interval, lower, list, film, megabytes };
