/* What becomes of films at a threshold, in words: found, missed, false alarms, rightly cleared. Of a class like "normal" what
 * the threshold calls is the absence of disease: a film wrongly called normal is a miss, not an alarm. */
import { lower, plural, t } from "./10-words.js";
import { modelLabels, nameOf } from "./12-model.js";

/**
 * @param {string} label
 * @returns {boolean}
 */
const reassuring = (label) => modelLabels().some(({ key, reassuring: so }) => key === label && so);

/** The four counts of what was called and was so, in a sentence's words, by the same four names.
 * @param {Counts} counts
 * @param {string} label
 * @returns {Record<keyof Counts, string>}
 */
function words(counts, label) {
  if (!reassuring(label)) {
    return {
      found: plural("{n} found", "{n} found", counts.found),
      missed: plural("{n} missed", "{n} missed", counts.missed),
      alarms: plural("{n} false alarm", "{n} false alarms", counts.alarms),
      cleared: plural("{n} rightly cleared", "{n} rightly cleared", counts.cleared),
    };
  }
  const name = lower(nameOf(label));
  return {
    found: plural("{n} rightly called {name}", "{n} rightly called {name}", counts.found, { name }),
    missed: plural("{n} {name} but not called so", "{n} {name} but not called so", counts.missed, { name }),
    alarms: plural("{n} called {name} and is not", "{n} called {name} and are not", counts.alarms, { name }),
    cleared: plural("{n} rightly not called {name}", "{n} rightly not called {name}", counts.cleared, { name }),
  };
}

/** The same four by what they mean for the patient, disease found and missed first: of a reassuring class, turned.
 * @template T
 * @param {Record<keyof Counts, T>} counts
 * @param {string} label
 * @returns {Record<keyof Counts, T>}
 */
const forPatients = ({ found, missed, alarms, cleared }, label) =>
  reassuring(label)
    ? { found: cleared, missed: alarms, alarms: missed, cleared: found }
    : { found, missed, alarms, cleared };

/** What a ROC curve's lower axis counts: films without the label that are called.
 * @param {string} label
 * @returns {string}
 */
const wronglyCalled = (label) =>
  reassuring(label) ? t("wrongly called {name}, %", { name: lower(nameOf(label)) }) : t("false alarms, %");

export { reassuring, words, forPatients, wronglyCalled };
