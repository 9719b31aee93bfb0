/* What is said of a case of the library, and where its picture is. */
import { url } from "../0-core/00-core.js";
import { decimal, N_, t } from "../0-core/10-words.js";
import { modelLabels } from "../0-core/12-model.js";
import * as called from "../0-core/24-called.js";

const LIKENESS = { very: N_("very alike"), alike: N_("alike"), loosely: N_("only loosely alike") };

/** "Any finding" is no label that a site gives: it is there where one of the others is.
 * @param {LibraryCase} one
 * @param {string} label
 * @returns {boolean}
 */
const labelled = (one, label) => one.labels.some(({ key }) => key === label || (key && isSummary(label) && !called.reassuring(key)));

/**
 * @param {string} label
 * @returns {boolean}
 */
const isSummary = (label) => modelLabels().some((one) => one.key === label && one.summary);

/** The chosen finding's name first: a tile has room for two.
 * @param {LibraryCase} one
 * @param {string} label
 * @returns {string}
 */
function namesOf(one, label) {
  const order = [...one.labels].sort((a, b) => Number(b.key === label) - Number(a.key === label));
  return order.map(({ name }) => name).join(", ") || t("no label given");
}

/** "alike · 0.83": the word is measured on the library's own films, the figure is a cosine.
 * @param {LibraryCase} one
 * @returns {string}
 */
function likeness(one) {
  const figure = decimal(one.similarity, 2);
  return one.likeness ? t("{word} · {figure}", { word: t(LIKENESS[one.likeness]), figure }) : figure;
}

const caveat = () => t("Alike to the model, in projection as much as in disease. It says nothing about this patient.");

/**
 * @param {SimilarCases} answer
 * @param {string} model
 * @param {LibraryCase} one
 * @returns {string}
 */
const picturePath = (answer, model, one) =>
  url(`/library/${model}/${one.number}/picture.jpg?build=${answer.build}`);

export { caveat, isSummary, labelled, likeness, namesOf, picturePath };
