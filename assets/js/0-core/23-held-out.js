/* The films on which a cut's consequences are counted, and how common a finding is said to be. */
import { addField, pageSettings, state } from "./00-core.js";
import { N_, t } from "./10-words.js";
import { modelFacts } from "./12-model.js";
import { wanted, within } from "./21-prevalence.js";

const write = addField("splits", {}); // model -> index of the held-out split, where the reader chose one
/** @type {Record<string, string>} */
const SPLITS = {
  test: N_("same sources, new patients"), external: N_("other hospitals"), val: N_("films the thresholds were chosen on"),
  natural: N_("test films at natural prevalence"),
};

/**
 * @param {string} name
 * @returns {string}
 */
const splitName = (name) => (name in SPLITS ? t(SPLITS[name]) : name);

/** Fewer films than these say nothing about a label: two films give a sensitivity of 0, 50 or 100 %.
 * @param {HeldOut} held
 * @param {string} label
 */
const enough = (held, label) =>
  Math.min(held.positives[label].length, held.negatives[label].length) >= pageSettings().rules.fewest_films;

/** Where a model was measured in other hospitals, those figures come first: they are the ones to expect.
 * @param {string} label
 * @returns {number}
 */
function splitIndex(label) {
  const chosen = state.splits[modelFacts().id];
  if (chosen !== undefined) return chosen;
  /** @param {HeldOut} held */
  const elsewhere = (held) => held.split === "external" && enough(held, label);
  return Math.max(0, modelFacts().held_out.findIndex(elsewhere));
}

/** @param {number} index */
const choose = (index) => write({ ...state.splits, [modelFacts().id]: index });
const forget = () => write(Object.fromEntries(Object.entries(state.splits).filter(([model]) => model !== modelFacts().id)));

/**
 * @param {string} label
 * @returns {HeldOut}
 */
const split = (label) => modelFacts().held_out[splitIndex(label)];

/** The same whichever split is shown, so that predictive values can be compared.
 * @param {string} label
 * @returns {number}
 */
const prevalence = (label) => within(wanted(label));

export { choose, forget, split, splitIndex, splitName, prevalence };
