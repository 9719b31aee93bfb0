/* What the reader makes of each finding: accepted, rejected, or not judged; `added` where what was accepted lies below its cut.
 *
 * Where a film was read first there is one reading, not two: what was ticked is accepted, and a verdict changes the later
 * reading, beside the first one. Elsewhere verdicts stand by themselves. They are kept with the row. */
import { addField, changed, listen, onKey, present, state } from "../0-core/00-core.js";
import { N_ } from "../0-core/10-words.js";
import { modelFacts } from "../0-core/12-model.js";
import { isKept, rowInView } from "../0-core/13-films.js";
import { answerOf, figuresShown } from "../0-core/15-answers.js";
import { labelInView, toCheck } from "../0-core/22-ranked.js";
import * as session from "../3-list/32-session.js";
import * as readFirst from "./40-read-first.js";

const write = addField("verdicts", {}); // "row id/model" -> {labels: {label key: "accepted" | "rejected"}, at}
/** @type {State["verdicts"][string]} */
const NONE = Object.freeze({ labels: {}, at: "" });

/** @param {Row} item */
const id = (item) => `${item.id}/${modelFacts().id}`;
/** @param {Row} item */
const kept = (item) => state.verdicts[id(item)] || NONE;

/** Whether there is something to judge: the figures are on the screen.
 * @param {Row | null} item
 * @returns {item is Kept}
 */
const open = (item) => isKept(item) && !state.lateModel && figuresShown(item, answerOf(item));

/** A class "normal" is no finding, and a label that sums up the others names none.
 * @param {string} label
 */
const canBeJudged = (label) => readFirst.offered().some(({ key }) => key === label);

/** "accepted", "rejected" or null.
 * @param {Row} item
 * @param {string} label
 * @returns {Verdict | null}
 */
function of(item, label) {
  const reading = readFirst.current(item);
  const own = kept(item).labels[label] || null;
  if (!reading || !canBeJudged(label)) return own;
  if (reading.labels.includes(label)) return "accepted";
  return own === "rejected" ? own : null;
}

/** The same as it is told: "added" where the model does not flag what was accepted. `finding` is one of `rank`.
 * @param {Row} item
 * @param {Finding} finding
 * @returns {Verdict | "added" | null}
 */
function word(item, finding) {
  const verdict = of(item, finding.key);
  return verdict === "accepted" && !finding.above ? "added" : verdict;
}

/** Give a verdict on a finding of the film in view; the same one again takes it back.
 * @param {string | null} label
 * @param {Verdict} verdict
 */
function judge(label, verdict) {
  const item = rowInView();
  if (label === null || !open(item) || !canBeJudged(label)) return;
  const next = of(item, label) === verdict ? null : verdict;
  // of classes that exclude one another only one can be accepted
  const alone = modelFacts().exclusive && next === "accepted";
  const rest = Object.entries(kept(item).labels).filter(([key, one]) => key !== label && !(alone && one === "accepted"));
  const labels = Object.fromEntries(next ? [...rest, [label, next]] : rest);
  write({ ...state.verdicts, [id(item)]: { labels, at: new Date().toISOString() } });
  readAgain(item, label, next, alone);
  changed();
}

/** A film that was read first has its later reading changed with it.
 * @type {(item: Row, label: string, next: Verdict | null, alone: boolean) => void} */
function readAgain(item, label, next, alone) {
  const reading = readFirst.current(item);
  if (!reading) return;
  const labels = new Set(alone ? [] : reading.labels);
  labels[next === "accepted" ? "add" : "delete"](label);
  const normal = labels.size ? false : present(readFirst.opinion(item), "first reading").normal;
  readFirst.change(item, { normal, labels, unsure: reading.unsure });
}

/** Of findings in their order: how many were accepted, added and rejected, and how many that are to be checked are open.
 * @param {Row} item
 * @param {Finding[]} ranked
 */
function counts(item, ranked) {
  const judged = ranked.filter((one) => canBeJudged(one.key));
  const words = judged.map((one) => word(item, one));
  const check = toCheck(judged).filter((one) => !of(item, one.key)).length;
  /** @param {Verdict | "added"} wanted */
  const count = (wanted) => words.filter((one) => one === wanted).length;
  return { accepted: count("accepted"), added: count("added"), rejected: count("rejected"), open: check };
}

/** What is taken away of it, by the model in force; null where nothing was judged.
 * @param {Row} item
 * @returns {{ verdicts: Record<string, Verdict>, at: string } | null}
 */
function exported(item) {
  const pairs = readFirst.offered().flatMap(({ key }) => {
    const verdict = of(item, key);
    return verdict ? [/** @type {const} */ ([key, verdict])] : [];
  });
  const reading = readFirst.current(item);
  return pairs.length ? { verdicts: Object.fromEntries(pairs), at: kept(item).at || (reading ? reading.at : "") } : null;
}

listen("removed", () => {
  const rows = new Set(state.films.map((item) => item.id));
  const left = Object.entries(state.verdicts).filter(([key]) => rows.has(key.split("/")[0]));
  if (left.length < Object.keys(state.verdicts).length) write(Object.fromEntries(left));
});
session.part("verdicts", { save: () => state.verdicts, load: (found) => write(found) });

onKey(".", "findings", N_("accept the finding, or take that back"), () => judge(labelInView(), "accepted"));
onKey(",", "findings", N_("reject the finding, or take that back"), () => judge(labelInView(), "rejected"));

export { open, of, word, judge, counts, exported };
