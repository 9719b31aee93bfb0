/* The chosen model: its labels and its operating points. */
import { addField, state } from "./00-core.js";

const setFacts = addField("facts", null); // labels, operating points, held-out probabilities
const modelLate = addField("lateModel", false); // the selector names a model whose facts have not come

/** `late`: the list waits for another model than the one that came.
 * @param {Facts} facts
 * @param {boolean} late
 */
function takeModel(facts, late) {
  setFacts(facts);
  modelLate(late);
}

/** @returns {Label[]} */
const modelLabels = () => (state.facts ? state.facts.labels : []);

/**
 * @param {string} pointKey
 * @returns {OperatingPoint}
 */
const point = (pointKey) => state.facts.operating_points.find((item) => item.key === pointKey);

/**
 * @param {string} labelKey
 * @returns {string}
 */
const nameOf = (labelKey) => (modelLabels().find((item) => item.key === labelKey) || { name: labelKey }).name;

/**
 * @param {string} labelKey
 * @returns {number}
 */
const defaultThreshold = (labelKey) => point(state.facts.default_operating_point).thresholds[labelKey];

export { takeModel, modelLate, modelLabels, point, nameOf, defaultThreshold };
