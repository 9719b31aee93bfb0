/* The chosen model: its labels and its operating points. */
import { addField, present, state } from "./00-core.js";

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

/** What is known of the model in force.
 * @returns {Facts}
 * @throws {Error} before one has come
 */
const modelFacts = () => present(state.facts, "model in force");

/** @returns {Label[]} */
const modelLabels = () => (state.facts ? state.facts.labels : []);

/**
 * @param {string | undefined} pointKey
 * @returns {OperatingPoint}
 * @throws {Error} where the model has no point of this key
 */
const point = (pointKey) => present(modelFacts().operating_points.find(({ key }) => key === pointKey), `point ${pointKey}`);

/**
 * @param {string} labelKey
 * @returns {string}
 */
const nameOf = (labelKey) => (modelLabels().find((item) => item.key === labelKey) || { name: labelKey }).name;

/**
 * @param {string} labelKey
 * @returns {number}
 */
const defaultThreshold = (labelKey) => point(modelFacts().default_operating_point).thresholds[labelKey];

export { takeModel, modelLate, modelFacts, modelLabels, point, nameOf, defaultThreshold };
