/* What a reader chose for a model, kept on this computer: cuts, prevalences, the held-out films to count on.
 *
 * An entry belongs to one version of one model and to the file that answers: a new one starts from its own
 * defaults, because a cut is a probability that only its own model gives. Nothing of a film is kept. Where the
 * browser keeps nothing (private windows, full or forbidden storage), the page works without. */
import { listen, state } from "../0-core/00-core.js";
import { defaultThreshold, modelFacts, modelLabels } from "../0-core/12-model.js";
import { isOwnCut, recallThresholds, setThresholds, threshold } from "../0-core/14-cuts.js";
import * as prevalence from "../0-core/21-prevalence.js";
import * as heldOut from "../0-core/23-held-out.js";

const PREFIX = "cxr-choices:";
const recalled = /** @type {Set<string>} */ (new Set()); // models whose entry was read in this visit
const stale = /** @type {Set<string>} */ (new Set()); // models of which another version's cuts lie here

/** @typedef {{ sha256: string, cuts?: Cuts, prevalences?: Record<string, number>, split?: string | null }} KeptChoices */
/** @param {Facts} facts */
const name = (facts) => `${PREFIX}${facts.id}@${facts.version}`;
/**
 * @param {unknown} value
 * @returns {value is number}
 */
const isCut = (value) => typeof value === "number" && value > 0 && value < 1;

/** @type {(key: string) => KeptChoices | null} */
function read(key) {
  try {
    const entry = JSON.parse(window.localStorage.getItem(key) ?? "null");
    return entry && typeof entry === "object" ? entry : null;
  } catch {
    return null;
  }
}

/** @type {(key: string, entry: KeptChoices | null) => void} */
function write(key, entry) {
  try {
    if (entry) window.localStorage.setItem(key, JSON.stringify(entry));
    else window.localStorage.removeItem(key);
  } catch {
    // kept until the page closes
  }
}

/** Entries of this model by what they belong to: other versions, or another file of the same version.
 * @param {Facts} facts
 */
function strangers(facts) {
  try {
    return Object.keys(window.localStorage).filter((key) => {
      if (!key.startsWith(`${PREFIX}${facts.id}@`)) return false;
      const entry = read(key);
      return entry && (key !== name(facts) || entry.sha256 !== facts.sha256);
    });
  } catch {
    return [];
  }
}

/** What of an entry is a share of a label that the model has.
 * @type {(entries: Record<string, unknown> | undefined, keys: string[]) => Record<string, number>} */
function only(entries, keys) {
  const found = /** @type {Record<string, number>} */ ({});
  for (const [key, value] of Object.entries(entries || {})) if (keys.includes(key) && isCut(value)) found[key] = value;
  return found;
}

/** Take up what was kept for a model, once a visit; what was chosen since is newer.
 * @param {Facts} facts
 */
function recall(facts) {
  if (recalled.has(facts.id)) return;
  recalled.add(facts.id);
  if (strangers(facts).some((key) => Object.keys(read(key)?.cuts || {}).length)) stale.add(facts.id);
  const entry = read(name(facts));
  if (!entry || entry.sha256 !== facts.sha256) return;
  const keys = facts.labels.map((label) => label.key);
  const cuts = only(entry.cuts, keys);
  if (Object.keys(cuts).length) {
    recallThresholds(facts.id, cuts);
  }
  for (const [label, share] of Object.entries(only(entry.prevalences, keys))) {
    prevalence.set(label, share);
  }
  const split = facts.held_out.findIndex((held) => held.split === entry.split);
  if (split >= 0) heldOut.choose(split);
}

/* Keep what now holds for the model in view; nothing chosen, nothing kept. */
function keep() {
  const facts = modelFacts();
  const own = modelLabels().map((label) => label.key);
  const cuts = Object.fromEntries(own.filter((key) => isOwnCut(key)).map((key) => [key, threshold(key)]));
  const prevalences = Object.fromEntries(
    own.map((key) => [key, state.prevalences[`${facts.id}/${key}`]]).filter(([, share]) => share !== undefined),
  );
  const split = facts.held_out[state.splits[facts.id]];
  const empty = !Object.keys(cuts).length && !Object.keys(prevalences).length && !split;
  write(name(facts), empty ? null : { sha256: facts.sha256, cuts, prevalences, split: split ? split.split : null });
}

/* Back to what the bundle says, here and on this computer. */
function forget() {
  const facts = modelFacts();
  for (const { key } of modelLabels()) prevalence.forget(key);
  heldOut.forget();
  for (const key of [...strangers(facts), name(facts)]) write(key, null);
  stale.delete(facts.id);
  setThresholds(Object.fromEntries(modelLabels().map(({ key }) => [key, defaultThreshold(key)])));
}

/** Whether cuts of another version lie here unused, and none of this one: to be said, not to be applied.
 * @returns {boolean}
 */
const outdated = () => stale.has(modelFacts().id) && !modelLabels().some((label) => isOwnCut(label.key));

listen("cuts", keep);

export { recall, keep, forget, outdated };
