/* Read first: the reader says what is on a film before the model's answer is shown. Off by default.
 *
 * A wrong answer seen first pulls readers after it. While a film waits for its reader, the rule given to
 * `hideWhile` holds its answer back from everything that asks for it; the server has been asked all the same.
 * The first reading is never overwritten: what is changed after the answer stands beside it. */
import { changed, ifThere, onKey, painters, present, state } from "../0-core/00-core.js";
import { N_ } from "../0-core/10-words.js";
import { modelFacts, modelLabels } from "../0-core/12-model.js";
import { isKept } from "../0-core/13-films.js";
import { answerOf, figuresShown, heard, hidden, hideWhile, readable } from "../0-core/15-answers.js";
import { rank, toCheck } from "../0-core/22-ranked.js";
import * as session from "../3-list/32-session.js";
import * as agreement from "./40-agreement.js";

const KEPT = "cxr-read-first"; // on this computer: that the reader reads first, nothing about films
/** @typedef {{ opinion: Opinion | null, seen: boolean, heard: Record<string, Record<string, number>> }} ReadRecord `heard`: probabilities by model */
const records = /** @type {Map<string, ReadRecord>} */ (new Map()); // by row: a film sent anew keeps its row
const restored = /** @type {Map<string, ReadRecord>} */ (new Map()); // film key -> the same, from before the page came again

let on = recall();

function recall() {
  try {
    return window.localStorage.getItem(KEPT) === "on";
  } catch {
    return false; // forbidden: off until asked for
  }
}

/**
 * @param {Row} item
 * @returns {ReadRecord}
 */
function record(item) {
  const film = item.film ?? "";
  const kept = restored.get(film) ?? records.get(item.id) ?? { opinion: null, seen: false, heard: {} };
  restored.delete(film);
  records.set(item.id, kept);
  return kept;
}

/**
 * @param {Row | null} item
 * @returns {Opinion | null}
 */
const opinion = (item) => (item ? record(item).opinion : null);

/** A reading as it now stands: changed, or as it was first.
 * @param {Row} item
 * @returns {Reading | null}
 */
function latest(item) {
  const own = opinion(item);
  return own && (own.after || own);
}

/** The same, where it was given beside the model in view.
 * @param {Row} item
 * @returns {Reading | null}
 */
const current = (item) => (state.facts && opinion(item)?.model === state.facts.id ? latest(item) : null);

/** Whether the model's answer had been on the screen before the reader was asked.
 * @param {Row} item
 * @returns {boolean}
 */
const primed = (item) => record(item).seen;

/** A verdict that the film cannot be judged, or that it cannot be read, advises nothing and may be seen.
 * @param {Row} item
 */
function holdsBack(item) {
  if (!on || opinion(item)) return false;
  const answer = heard(item);
  return answer ? readable(item, answer) : item.status === "kept";
}

/** What a reader can tick: the findings in the bundle's order, which says nothing about the film.
 * @returns {Label[]}
 */
const offered = () => modelLabels().filter((label) => !label.reassuring && !label.summary);

/** @type {(draft: Draft, among: string[]) => Reading} */
const said = ({ normal, labels, unsure }, among) => ({
  normal, labels: normal ? [] : among.filter((key) => labels.has(key)), unsure, at: new Date().toISOString(),
});

/** The first reading, which shows the answer. draft: {normal, labels: Set, unsure}.
 * @param {Row} item
 * @param {Draft} draft
 */
function give(item, draft) {
  const kept = record(item);
  if (kept.opinion) return;
  const among = offered().map((label) => label.key);
  kept.opinion = { ...said(draft, among), model: modelFacts().id, offered: among, seenBefore: kept.seen, after: null };
  noteSeen();
  changed();
}

/** A reading changed after the answer was seen; back to the first one, nothing has changed.
 * @param {Row} item
 * @param {Draft} draft
 */
function change(item, draft) {
  const kept = record(item);
  const first = present(kept.opinion, "first reading");
  const now = said(draft, first.offered);
  /** @param {Reading} reading */
  const what = ({ normal, labels, unsure }) => JSON.stringify([normal, labels, unsure]);
  kept.opinion = { ...first, after: what(now) === what(first) ? null : now };
  changed();
}

function toggle() {
  on = !on;
  try {
    window.localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    // holds until the page closes
  }
  changed();
}

/** What the model says by the cuts in force: {abnormal, above: keys, toCheck: number}; null where it has no say.
 * @param {Row} item
 */
function model(item) {
  const probabilities = opinion(item) && state.facts && record(item).heard[state.facts.id];
  if (!probabilities) return null;
  const ranked = rank({ probabilities });
  const above = ranked.filter((one) => one.above && !one.reassuring).map((one) => one.key);
  return { abnormal: above.length > 0, above, toCheck: toCheck(ranked).length };
}

/** @typedef {NonNullable<ReturnType<typeof compared>>} Compared */
/** Both readings of a film side by side, or null.
 * @param {Row} item
 */
function compared(item) {
  const own = opinion(item);
  const other = model(item);
  if (!own || !other) return null;
  const findings = modelLabels()
    .filter(({ key }) => own.offered.includes(key))
    .map(({ key, name }) => ({ key, name, reader: own.labels.includes(key), model: other.above.includes(key) }));
  const agree = own.normal !== other.abnormal;
  return { item, own, model: other, findings, agree };
}

const FEWEST = 10; // films, before a single finding is counted

/** @param {Compared[]} counted */
function perFinding(counted) {
  return offered()
    .map(({ key, name }) => {
      const rows = counted.flatMap((one) => one.findings.filter((finding) => finding.key === key));
      return { key, name, ...agreement.of(rows.map((row) => [row.reader, row.model])) };
    })
    .filter((one) => one.films >= FEWEST && one.kappa.value !== null);
}

/** Findings that either of the two named, over all films: what the agreement is about.
 * @param {Compared[]} counted
 */
function named(counted) {
  const all = counted.flatMap((one) => one.findings);
  /** @param {(finding: Compared["findings"][number]) => boolean} holds */
  const count = (holds) => all.filter(holds).length;
  return {
    both: count(({ reader, model: other }) => reader && other),
    reader: count(({ reader, model: other }) => reader && !other),
    model: count(({ reader, model: other }) => !reader && other),
  };
}

/* Plain figures of the whole list, for the screen and for export. Only films whose reading came first are counted. */
function summary() {
  const read = state.films.filter((item) => opinion(item));
  const fresh = read.filter((item) => !opinion(item)?.seenBefore);
  const counted = fresh.map(compared).filter((one) => one !== null);
  const differing = counted.filter((one) => !one.agree);
  const swayed = differing.filter(({ own }) => own.after && own.after.normal !== own.normal);
  return {
    model: state.facts ? state.facts.id : null,
    films: state.films.filter((item) => item.status === "kept").length,
    read: read.length,
    waiting: state.films.filter(hidden).length,
    seenBefore: read.length - fresh.length,
    withoutAnswer: fresh.length - counted.length,
    unsure: counted.filter(({ own }) => own.unsure).length,
    // "yes" is abnormal; first the reader, second the model
    overall: agreement.of(counted.map(({ own, model: other }) => [!own.normal, other.abnormal])),
    findings: perFinding(counted),
    named: named(counted),
    differing: differing.map(({ item, own, model: other }) => ({
      row: item.id, number: item.number, reader: own.normal ? "normal" : "abnormal",
      model: other.abnormal ? "abnormal" : "normal", changed: Boolean(own.after && own.after.normal !== own.normal),
    })),
    changed: swayed.length,
  };
}

/* The agreement as the server takes it into tables; null where nothing was read first. */
function figures() {
  const { read, overall, changed: swayed, seenBefore, withoutAnswer } = summary();
  if (!read) return null;
  const [low, high] = overall.kappa.interval || [null, null];
  return {
    films: overall.films, agreed: overall.agreed, both_abnormal: overall.bothYes, both_normal: overall.bothNo,
    only_reader_abnormal: overall.firstOnly, only_model_abnormal: overall.secondOnly,
    kappa: overall.kappa.value, kappa_low: low, kappa_high: high,
    changed: swayed, seen_before: seenBefore, without_answer: withoutAnswer,
  };
}

function save() {
  const known = state.films.filter(isKept).filter((item) => opinion(item) || primed(item));
  return Object.fromEntries(known.map((item) => [item.film, record(item)]));
}

/** @param {Record<string, ReadRecord> | undefined} kept */
function load(kept) {
  for (const [film, one] of Object.entries(kept || {})) restored.set(film, one);
  changed();
}

/* A film whose answer is on the screen, in its row at least, can no longer be read first. What was said of one
 * that was read is kept beside the reading: the server keeps films for a while only. */
function noteSeen() {
  for (const item of state.films) {
    const answer = answerOf(item);
    if (!figuresShown(item, answer)) continue;
    if (opinion(item)) record(item).heard[answer.model] = answer.probabilities;
    else record(item).seen = true;
  }
}

function paintToggle() {
  const button = ifThere("read-first");
  if (!button) return;
  if (!button.dataset.ready) {
    button.dataset.ready = "yes";
    button.addEventListener("click", toggle);
  }
  button.setAttribute("aria-pressed", String(on));
}

hideWhile(holdsBack);
painters.push(noteSeen, paintToggle);
onKey("y", "page", N_("read first: say what you see before the model does"), toggle);
session.part("readFirst", { save, load });

/** @returns {boolean} */
const isOn = () => on;

export { isOn, opinion, latest, current, primed, offered, give, change, compared, summary, figures };
