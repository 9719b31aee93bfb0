/* What a threshold means, counted on held-out films. Pure functions; tests compare them with the Python ones. */
"use strict";

cxr.statistics = (() => {
  const Z = 1.959963984540054;

  /* The angular scale on which probabilities are drawn: 0, 50 and 100 % stay, small ones can be told apart. */
  const scale = (probability) => (2 / Math.PI) * Math.asin(Math.sqrt(Math.min(1, Math.max(0, probability))));
  const unscale = (position) => Math.sin((Math.PI / 2) * position) ** 2;

  /* 95 % score interval of a proportion (Wilson 1927). */
  function wilson(successes, total) {
    if (!total) return null;
    const share = successes / total;
    const centre = (share + Z ** 2 / (2 * total)) / (1 + Z ** 2 / total);
    const half =
      (Z / (1 + Z ** 2 / total)) * Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
    return [Math.max(0, centre - half), Math.min(1, centre + half)];
  }

  /* How many of the sorted values are at or above the threshold. */
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

  const logistic = (x) => 1 / (1 + Math.exp(-x));

  /* 95 % intervals of PPV and NPV at a known prevalence: the adjusted logit interval of Mercaldo, Lau and
   * Zhou (Statistics in Medicine 2007), which stays inside 0-1 and works at 0 and 1. */
  function predictiveIntervals(found, positives, cleared, negatives, prevalence) {
    if (!positives || !negatives) return { ppv: null, npv: null };
    const se = (found + Z ** 2 / 2) / (positives + Z ** 2);
    const sp = (cleared + Z ** 2 / 2) / (negatives + Z ** 2);
    const [n1, n0] = [positives + Z ** 2, negatives + Z ** 2];
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

  /* Everything the threshold panel shows. positives, negatives: sorted probabilities of held-out films. */
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
    const ratio = (part, other) => (part + other > 0 ? part / (part + other) : NaN);
    const ppv = ratio(shares.found, shares.alarms);
    const npv = ratio(shares.cleared, shares.missed);
    // the interval is drawn in from 0 and 1 by its adjustment: where the figure itself is there, so must it be
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

  /* Shares as whole numbers that add up to the total (largest remainders). */
  function wholeNumbers(shares, total) {
    const names = Object.keys(shares);
    if (names.some((name) => Number.isNaN(shares[name]))) return null;
    const whole = Object.fromEntries(names.map((name) => [name, Math.floor(shares[name] * total)]));
    let left = total - names.reduce((sum, name) => sum + whole[name], 0);
    const byRemainder = [...names].sort(
      (a, b) => shares[b] * total - whole[b] - (shares[a] * total - whole[a]),
    );
    for (const name of byRemainder) if (left-- > 0) whole[name] += 1;
    return whole;
  }

  return { scale, unscale, wilson, atOrAbove, predictiveIntervals, consequences, wholeNumbers };
})();
