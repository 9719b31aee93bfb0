/* Probabilities at the reader's own prevalence. The model states them at one of its own; where a finding is rarer,
 * the same film is less likely to have it. Cuts move along, so that what was called is called. */
import { addField, pageSettings, state } from "./00-core.js";
import { modelFacts, modelLabels } from "./12-model.js";
import { threshold } from "./14-cuts.js";

const write = addField("prevalences", {}); // model/label -> share, where the reader changed it
const FIELD = [0.001, 0.99]; // what a reader may say, and predictive values are given at
const least = () => pageSettings().rules.least_prevalence; // no prevalence is 0 or 1
/** @param {number} share */
const inside = (share) => Math.min(1 - least(), Math.max(least(), share));
/** @param {number} share */
const odds = (share) => share / (1 - share);

/** @param {string} label */
const key = (label) => `${modelFacts().id}/${label}`;

/** The share of films at which the model states a label's probability.
 * @param {string} label
 * @returns {number}
 */
const stated = (label) => {
  const share = (modelFacts().prevalence || {})[label];
  return share === undefined ? 0.05 : share;
};

/**
 * @param {string} label
 * @param {number} share
 */
const set = (label, share) => write({ ...state.prevalences, [key(label)]: share });
/** @param {string} label */
const forget = (label) => write(Object.fromEntries(Object.entries(state.prevalences).filter(([one]) => one !== key(label))));

/**
 * @param {string} label
 * @returns {boolean}
 */
const isOwn = (label) => state.prevalences[key(label)] !== undefined;
const anyOwn = () => modelLabels().some((one) => isOwn(one.key));

/** The share of films in force: of classes that exclude each other, those the reader left alone share the rest.
 * @param {string} label
 * @returns {number}
 */
function wanted(label) {
  if (isOwn(label)) return state.prevalences[key(label)];
  if (!modelFacts().exclusive || !anyOwn()) return stated(label);
  const keys = modelLabels().map((one) => one.key);
  /** @type {(labels: string[], share: (label: string) => number) => number} */
  const sum = (labels, share) => labels.reduce((total, one) => total + share(one), 0);
  const left = Math.max(least(), 1 - sum(keys.filter(isOwn), (one) => state.prevalences[key(one)]));
  const rest = sum(keys.filter((one) => !isOwn(one)), stated);
  return inside(rest ? (stated(label) * left) / rest : least());
}

/** A probability carried from one prevalence to another (Saerens, Latinne and Decaestecker 2002): its log odds
 * shift by the difference of the prevalences' log odds.
 * @param {number} probability
 * @param {number} before
 * @param {number} after
 * @returns {number}
 */
function shift(probability, before, after) {
  if (before === after) return probability;
  const [from, to] = [inside(before), inside(after)];
  const yes = probability * (to / from);
  const no = (1 - probability) * ((1 - to) / (1 - from));
  return yes / (yes + no);
}

/** A cut on the model's own scale as it is shown.
 * @param {string} label
 * @param {number} own
 * @returns {number}
 */
const cut = (label, own) => shift(own, stated(label), wanted(label));

/** Probability and cut of a label on a film as they are shown; their order is that of the model's own.
 * @param {Pick<Answer, "probabilities">} answer
 * @param {string} label
 * @returns {{ probability: number, cut: number }}
 */
function shown(answer, label) {
  const [probability, own] = [answer.probabilities[label], threshold(label)];
  if (!anyOwn()) return { probability, cut: own };
  if (!modelFacts().exclusive) {
    return { probability: shift(probability, stated(label), wanted(label)), cut: cut(label, own) };
  }
  /** @param {string} one */
  const weight = (one) => answer.probabilities[one] * (inside(wanted(one)) / inside(stated(one)));
  const moved = weight(label) / modelLabels().reduce((total, one) => total + weight(one.key), 0);
  if (probability <= 0 || probability >= 1 || moved >= 1) return { probability: moved, cut: own };
  const factor = odds(moved) / odds(probability);
  return { probability: moved, cut: (own * factor) / (own * factor + 1 - own) };
}

/**
 * @param {number} share
 * @returns {number}
 */
const within = (share) => Math.min(FIELD[1], Math.max(FIELD[0], share));

export { FIELD, within, set, forget, stated, wanted, isOwn, shift, cut, shown };
