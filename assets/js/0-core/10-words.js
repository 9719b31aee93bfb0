/* What people read: sentences in their language, figures and lists as it writes them.
 *
 * Sentences stand in the scripts in English, as string literals in t("…") and plural("…", "…", n), from where
 * they are collected for translators; `{name}` stands for a value. Scripts say them while they run, never
 * while they load: the language comes with the page's settings. */
"use strict";

cxr.words = (() => {
  const { state } = cxr;

  const language = () => (state.settings ? state.settings.language : "en");
  const known = () => (state.settings ? state.settings.words : {});

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (field, name) => (name in values ? String(values[name]) : field));

  /* The sentence in the reader's language. */
  function t(text, values = {}) {
    const found = known()[text];
    return fill(typeof found === "string" ? found : text, values);
  }

  /* The form for a number, which both may name as {n}. */
  function plural(one, many, number, values = {}) {
    const found = known()[one];
    const [single, several] = Array.isArray(found) ? found : [one, many];
    return fill(number === 1 ? single : several, { n: number, ...values });
  }

  /* Marks a sentence for translators where it is not yet said. */
  const N_ = (text) => text;

  /* A number with so many decimals, with the language's decimal sign and no thousands'. */
  function decimal(value, digits = 0) {
    return new Intl.NumberFormat(language(), {
      minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false,
    }).format(value);
  }

  /* A probability or share for people; the no-break space keeps the number and its sign on one line. */
  const percent = (value) => (Number.isFinite(value) ? `${inPercent(value * 100)}\u00a0%` : "–");

  /* Enough digits to tell small ones apart, never a false 0 or 100. */
  function inPercent(share) {
    if (share > 0 && share < 0.1) return `<${decimal(0.1, 1)}`;
    if (share < 100 && share > 99.9) return `>${decimal(99.9, 1)}`;
    if (share < 9.95 && share > 0) return decimal(share, 1);
    if (share > 99 && share < 100) return decimal(share, 1);
    return decimal(share);
  }

  /* An interval in whole per cent, "79–94". */
  function interval(bounds) {
    if (!bounds || bounds.some((bound) => bound === null || Number.isNaN(bound))) return t("not estimable");
    const [low, high] = bounds.map((bound) => bound * 100);
    const digits = high - low < 1 && high < 10 ? 1 : 0;
    return `${decimal(low, digits)}–${decimal(high, digits)}`;
  }

  /* A finding's name inside a sentence, in languages that write it small there; abbreviations stay. */
  const SMALL_INSIDE = ["en", "es"];
  const lower = (name) =>
    SMALL_INSIDE.includes(language()) && /^\p{Lu}\p{Ll}/u.test(name) ? name[0].toLowerCase() + name.slice(1) : name;

  /* "a", "a and b", "a, b and 3 more", joined as the language does it. */
  function list(names, most = state.settings.rules.most_named) {
    const rest = names.length - most + 1;
    const shown = names.length > most ? [...names.slice(0, most - 1), plural("{n} more", "{n} more", rest)] : names;
    const style = language() === "en" ? "en-GB" : language(); // no comma before "and"
    return new Intl.ListFormat(style, { type: "conjunction" }).format(shown);
  }

  const film = (item) => t("film {number}", { number: String(item.number).padStart(2, "0") });

  const megabytes = (bytes) => `${decimal(bytes / 2 ** 20, bytes < 10 * 2 ** 20 ? 1 : 0)}\u00a0MB`;

  return { t, plural, N_, language, decimal, percent, interval, lower, list, film, megabytes };
})();
