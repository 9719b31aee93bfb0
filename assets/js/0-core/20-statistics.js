/* What a threshold means, counted on held-out films. Pure functions; tests compare them with the Python ones. */
const Z = 1.959963984540054;

/** The angular scale on which probabilities are drawn: 0, 50 and 100 % stay, small ones can be told apart.
 * @param {number} probability
 * @returns {number}
 */
const scale = (probability) => (2 / Math.PI) * Math.asin(Math.sqrt(Math.min(1, Math.max(0, probability))));

/**
 * @param {number} position
 * @returns {number}
 */
const unscale = (position) => Math.sin((Math.PI / 2) * position) ** 2;

/** 95 % score interval of a proportion (Wilson 1927); none of nothing.
 * @param {number} successes
 * @param {number} total
 * @returns {Interval | null}
 */
const wilson = (successes, total) => (total ? ofSome(successes, total) : null);

/** @type {(successes: number, total: number) => Interval} */
function ofSome(successes, total) {
  const share = successes / total;
  const centre = (share + Z ** 2 / (2 * total)) / (1 + Z ** 2 / total);
  const half =
    (Z / (1 + Z ** 2 / total)) * Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** How many of the sorted values are at or above the threshold.
 * @param {number[]} sorted
 * @param {number} threshold
 * @returns {number}
 */
function atOrAbove(sorted, threshold) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < threshold) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

/** @param {number} x */
const logistic = (x) => 1 / (1 + Math.exp(-x));

/** 95 % intervals of PPV and NPV at a known prevalence: the adjusted logit interval of Mercaldo, Lau and
 * Zhou (Statistics in Medicine 2007), which stays inside 0-1 and works at 0 and 1.
 * @param {number} found
 * @param {number} positives
 * @param {number} cleared
 * @param {number} negatives
 * @param {number} prevalence
 * @returns {{ ppv: Interval | null, npv: Interval | null }}
 */
function predictiveIntervals(found, positives, cleared, negatives, prevalence) {
  if (!positives || !negatives) return { ppv: null, npv: null };
  const se = (found + Z ** 2 / 2) / (positives + Z ** 2);
  const sp = (cleared + Z ** 2 / 2) / (negatives + Z ** 2);
  const [n1, n0] = [positives + Z ** 2, negatives + Z ** 2];
  /** @type {(logit: number, variance: number) => Interval} */
  const around = (logit, variance) => [
    logistic(logit - Z * Math.sqrt(variance)),
    logistic(logit + Z * Math.sqrt(variance)),
  ];
  return {
    ppv: around(
      Math.log((se * prevalence) / ((1 - sp) * (1 - prevalence))),
      (1 - se) / se / n1 + sp / (1 - sp) / n0,
    ),
    npv: around(
      Math.log((sp * (1 - prevalence)) / ((1 - se) * prevalence)),
      se / (1 - se) / n1 + (1 - sp) / sp / n0,
    ),
  };
}

/** Everything the threshold panel shows. positives, negatives: sorted probabilities of held-out films.
 * @param {number[]} positives
 * @param {number[]} negatives
 * @param {number} threshold
 * @param {number} prevalence
 */
function consequences(positives, negatives, threshold, prevalence) {
  const found = atOrAbove(positives, threshold);
  const cleared = negatives.length - atOrAbove(negatives, threshold);
  const sensitivity = positives.length ? found / positives.length : NaN;
  const specificity = negatives.length ? cleared / negatives.length : NaN;
  const shares = {
    found: sensitivity * prevalence,
    missed: (1 - sensitivity) * prevalence,
    alarms: (1 - specificity) * (1 - prevalence),
    cleared: specificity * (1 - prevalence),
  };
  const intervals = predictiveIntervals(found, positives.length, cleared, negatives.length, prevalence);
  /** @type {(part: number, other: number) => number} */
  const ratio = (part, other) => (part + other > 0 ? part / (part + other) : NaN);
  const ppv = ratio(shares.found, shares.alarms);
  const npv = ratio(shares.cleared, shares.missed);
  // the interval is drawn in from 0 and 1 by its adjustment: where the figure itself is there, so must it be
  /** @type {(interval: Interval | null, value: number) => Interval | null} */
  const holding = (interval, value) =>
    interval && value === value ? [Math.min(interval[0], value), Math.max(interval[1], value)] : interval;
  return {
    sensitivity: { value: sensitivity, interval: wilson(found, positives.length) },
    specificity: { value: specificity, interval: wilson(cleared, negatives.length) },
    // nobody is called positive: there is no positive predictive value to speak of
    ppv: { value: ppv, interval: holding(intervals.ppv, ppv) },
    npv: { value: npv, interval: holding(intervals.npv, npv) },
    perThousand: wholeNumbers(shares, 1000),
  };
}

/** Shares as whole numbers that add up to the total (largest remainders); null where one is not known.
 * @param {Counts} shares
 * @param {number} total
 * @returns {Counts | null}
 */
function wholeNumbers(shares, total) {
  const names = /** @type {(keyof Counts)[]} */ (Object.keys(shares));
  if (names.some((name) => Number.isNaN(shares[name]))) return null;
  const whole = { ...shares };
  for (const name of names) whole[name] = Math.floor(shares[name] * total);
  let left = total - names.reduce((sum, name) => sum + whole[name], 0);
  const byRemainder = [...names].sort(
    (a, b) => shares[b] * total - whole[b] - (shares[a] * total - whole[a]),
  );
  for (const name of byRemainder) if (left-- > 0) whole[name] += 1;
  return whole;
}

const NEIGHBOURS = 60;
const FEWEST_NEIGHBOURS = 20;
const FEWEST_A_SIDE = 5;

/** What became of the held-out films with the scores nearest to this one: how many had the finding (`found` of
 * `total`), its share with a 95 % interval (Wilson), and the scores that they span. As many films below as above,
 * or films near the end of all scores would speak for one beyond most of them. At most 60, and at most a quarter
 * of them all, so that they are films *like this*; films with the score of the last are in it too, so that the
 * answer does not hang on the order of equal scores. null where that leaves fewer than 20. `beyond` and `edge`
 * where the score lies below or above every film. positives, negatives: sorted probabilities of held-out films.
 * @param {number[]} positives
 * @param {number[]} negatives
 * @param {number} probability
 * @param {number} [most]
 * @returns {Beyond | Near | null}
 */
function nearest(positives, negatives, probability, most = NEIGHBOURS) {
  const all = [...positives, ...negatives].sort((a, b) => a - b);
  const wanted = Math.min(most, Math.floor(all.length / 4));
  if (wanted < Math.min(most, FEWEST_NEIGHBOURS)) return null;
  if (probability < all[0]) return { beyond: "below", edge: all[0] };
  if (probability > all[all.length - 1]) return { beyond: "above", edge: all[all.length - 1] };
  const upwards = all.filter((score) => score >= probability);
  const downwards = all.filter((score) => score <= probability).reverse();
  const half = wanted / 2;
  const side = Math.max(FEWEST_A_SIDE, Math.min(half, upwards.length, downwards.length));
  /** @param {number[]} sorted */
  const last = (sorted) => sorted[Math.min(Math.ceil(side), sorted.length) - 1];
  const [lowest, highest] = [last(downwards), last(upwards)];
  /** @param {number[]} sorted */
  const near = (sorted) => sorted.filter((score) => score >= lowest && score <= highest);
  const [withIt, without] = [near(positives), near(negatives)];
  const total = withIt.length + without.length;
  const scores = [...withIt, ...without];
  return {
    found: withIt.length,
    total,
    share: withIt.length / total,
    interval: ofSome(withIt.length, total),
    span: [Math.min(...scores), Math.max(...scores)],
  };
}

/** The corners of the ROC curve from the strictest cut to the loosest: {threshold, sensitivity, alarms}, with
 * `alarms` for 1 - specificity. A film is called positive at its score and above; the first corner calls none.
 * @param {number[]} positives
 * @param {number[]} negatives
 * @returns {{ threshold: number, sensitivity: number, alarms: number }[]}
 */
function roc(positives, negatives) {
  const scores = [...new Set([...positives, ...negatives])].sort((a, b) => b - a);
  const corners = scores.map((threshold) => ({
    threshold,
    sensitivity: atOrAbove(positives, threshold) / positives.length,
    alarms: atOrAbove(negatives, threshold) / negatives.length,
  }));
  return [{ threshold: Infinity, sensitivity: 0, alarms: 0 }, ...corners];
}

/** The area under the corners joined by straight lines: how often a film with the finding scores above one
 * without, ties counted half (Mann and Whitney 1947).
 * @param {number[]} positives
 * @param {number[]} negatives
 * @returns {number}
 */
function auroc(positives, negatives) {
  const corners = roc(positives, negatives);
  return corners.slice(1).reduce((area, corner, index) => {
    const before = corners[index];
    return area + ((corner.alarms - before.alarms) * (corner.sensitivity + before.sensitivity)) / 2;
  }, 0);
}

export { scale, unscale, wilson, atOrAbove, predictiveIntervals, consequences, nearest, roc, auroc };
