/* How far two readings of the same films agree. Pure functions; tests compare them with scikit-learn's. */
import * as statistics from "../0-core/20-statistics.js";

const Z = 1.959963984540054;

/** counts[i][j]: films that the first reader put in class i and the second in class j; class 1 is "yes".
 * @param {[boolean, boolean][]} pairs
 */
function table(pairs) {
  const counts = [[0, 0], [0, 0]];
  for (const [first, second] of pairs) counts[Number(first)][Number(second)] += 1;
  return counts;
}

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Cohen's kappa (1960) of a square table, with the 95 % interval from the large-sample standard error of Fleiss,
 * Cohen and Everitt (Psychological Bulletin 1969). `value` is null where it says nothing: with fewer than two
 * films, or where a reader put all of them in one class, so that kappa is 0 or undefined whatever the other
 * did. `interval` is null where the formula gives none: with full agreement its standard error is 0.
 * @param {number[][]} counts
 * @returns {Kappa}
 */
function kappa(counts) {
  const rows = counts.map(sum);
  const columns = counts.map((_, j) => sum(counts.map((row) => row[j])));
  const n = sum(rows);
  const constant = [rows, columns].some((totals) => totals.filter((total) => total > 0).length < 2);
  if (n < 2 || constant) return { value: null, interval: null, why: n < 2 ? "few" : "constant" };
  /** @param {number} count */
  const share = (count) => count / n;
  const observed = sum(counts.map((row, i) => share(row[i])));
  const expected = sum(rows.map((total, i) => share(total) * share(columns[i])));
  const value = (observed - expected) / (1 - expected);
  let variance = -((value - expected * (1 - value)) ** 2);
  counts.forEach((row, i) =>
    row.forEach((count, j) => {
      variance += i === j
        ? share(count) * (1 - (share(rows[i]) + share(columns[i])) * (1 - value)) ** 2
        : share(count) * (1 - value) ** 2 * (share(columns[i]) + share(rows[j])) ** 2;
    }),
  );
  const error = Math.sqrt(Math.max(0, variance) / n) / (1 - expected);
  /** @param {number} bound */
  const within = (bound) => Math.min(1, Math.max(-1, bound));
  /** @type {Interval | null} */
  const interval = error > 1e-9 ? [within(value - Z * error), within(value + Z * error)] : null;
  return { value, interval, why: interval ? null : "degenerate" };
}

/** pairs: [first said yes, second said yes] per film.
 * @param {[boolean, boolean][]} pairs
 * @returns {Agreement}
 */
function of(pairs) {
  const counts = table(pairs);
  const agreed = counts[0][0] + counts[1][1];
  const n = pairs.length;
  return {
    films: n,
    agreed,
    bothYes: counts[1][1],
    bothNo: counts[0][0],
    firstOnly: counts[1][0],
    secondOnly: counts[0][1],
    share: n ? agreed / n : null,
    interval: statistics.wilson(agreed, n),
    kappa: kappa(counts),
  };
}

export { kappa, of };
