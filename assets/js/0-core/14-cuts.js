/* The cuts in force: the model's own, or where the reader moved them. */
import { addField, changed, listen, state, store, tell } from "./00-core.js";
import { defaultThreshold, modelFacts } from "./12-model.js";

const setMoved = addField("thresholds", {}); // model -> label -> probability, where the reader moved it
const settle = addField("settled", {}); // the same as it was when the film came into view: rows keep their order meanwhile

/** @type {(cuts: Cuts | undefined, labelKey: string) => number} */
const within = (cuts, labelKey) => (cuts && labelKey in cuts ? cuts[labelKey] : defaultThreshold(labelKey));

/**
 * @param {string} labelKey
 * @returns {number}
 */
const threshold = (labelKey) => within(state.thresholds[modelFacts().id], labelKey);

/** The cut by which findings are in order: that of the moment when the film came into view.
 * @param {string} labelKey
 * @returns {number}
 */
const settledThreshold = (labelKey) => within(state.settled[modelFacts().id], labelKey);

/** Whether the reader moved this cut.
 * @param {string} labelKey
 * @returns {boolean}
 */
const isOwnCut = (labelKey) => Math.abs(threshold(labelKey) - defaultThreshold(labelKey)) > 1e-9;

/** Take up a model's cuts that the reader moved before.
 * @param {string} model
 * @param {Cuts} cuts
 */
function recallThresholds(model, cuts) {
  setMoved({ ...state.thresholds, [model]: cuts });
  store("thresholds", state.thresholds);
}

/** @param {Cuts} changes */
function setThresholds(changes) {
  const model = modelFacts().id;
  recallThresholds(model, { ...state.thresholds[model], ...changes });
  tell("cuts");
  changed();
}

const settleCuts = () => settle(state.thresholds);
listen("selected", settleCuts);

export { threshold, settledThreshold, isOwnCut, setThresholds, recallThresholds, settleCuts };
