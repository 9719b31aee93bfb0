/* How figures and lists are written. */
"use strict";

cxr.words = (() => {
  /* A probability or share for people; the no-break space keeps the number and its sign on one line. */
  const percent = (value) => (Number.isFinite(value) ? `${inPercent(value * 100)}\u00a0%` : "–");

  /* Enough digits to tell small ones apart, never a false 0 or 100. */
  function inPercent(share) {
    if (share > 0 && share < 0.1) return "<0.1";
    if (share < 100 && share > 99.9) return ">99.9";
    if (share < 9.95 && share > 0) return share.toFixed(1);
    if (share > 99 && share < 100) return share.toFixed(1);
    return String(Math.round(share));
  }

  /* An interval in whole per cent, "79–94". */
  function interval(bounds) {
    if (!bounds || bounds.some((bound) => bound === null || Number.isNaN(bound))) return "not estimable";
    const [low, high] = bounds.map((bound) => bound * 100);
    const digits = high - low < 1 && high < 10 ? 1 : 0;
    return `${low.toFixed(digits)}–${high.toFixed(digits)}`;
  }

  const lower = (name) => (/^[A-Z][a-z]/.test(name) ? name[0].toLowerCase() + name.slice(1) : name);

  /* "a", "a and b", "a, b and 3 more". */
  function list(names, most = 3) {
    if (names.length <= 1) return names.join("");
    const shown = names.length > most ? names.slice(0, most - 1) : names.slice(0, -1);
    const last = names.length > most ? `${names.length - most + 1} more` : names[names.length - 1];
    return `${shown.join(", ")} and ${last}`;
  }

  const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

  const film = (item) => `film ${String(item.number).padStart(2, "0")}`;

  const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`;

  return { percent, interval, lower, list, count, film, megabytes };
})();
