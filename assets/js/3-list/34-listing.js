/* What each row says, and which rows are shown in what order. Nothing here touches the page. */
import { byId, changed, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { N_, plural, t } from "../0-core/10-words.js";
import { modelFacts } from "../0-core/12-model.js";
import { followBy } from "../0-core/13-films.js";
import { figuresShown, heard, hidden } from "../0-core/15-answers.js";
import { rank, toCheck } from "../0-core/22-ranked.js";
import * as files from "./30-files.js";
import * as duplicates from "./31-duplicates.js";
import * as problems from "./31-problems.js";
import * as session from "./32-session.js";
import * as patients from "./33-patients.js";
import * as rowLabels from "./33-row-labels.js";

const HOLD_MS = 500; // rows do not jump about under a cut that is being moved
/** @type {[Ordering, string][]} */
const ORDERS = [
  ["added", N_("As added")], ["above", N_("Above threshold")], ["score", N_("Film score")], ["finding", N_("Finding")],
  ["label", N_("Your label")], ["name", N_("Name")],
];
/* Which orders there are: by the film's score only where the model has one. */
const orders = () => ORDERS.filter(([value]) => value !== "score" || (state.facts && state.facts.film_score));
const options = /** @type {{ order: Ordering, show: Showing, text: string }} */ ({ order: "added", show: "all", text: "" });
/** @typedef {{ cuts: Cuts | undefined, facts: Facts | null, shares: string, said: Judged }} Judgement */
const judgements = /** @type {WeakMap<Answer, Judgement>} */ (new WeakMap()); // what its row says, for the cuts it was judged by
let cutsSeen = /** @type {State["thresholds"] | null} */ (null);
let cutsMovedAt = -HOLD_MS;
let later = 0;
let last = { mark: "", items: /** @type {Row[]} */ ([]) };

/** What a row says of its film.
 * @param {Row} item
 * @returns {RowSays}
 */
function describe(item) {
  if (item.status === "waiting") return { state: "busy", note: t("waiting…"), share: 0 };
  if (item.status === "sending") {
    const share = item.progress ?? 0;
    const note = share < 1 ? t("sending… {percent} %", { percent: Math.round(share * 100) }) : t("reading…");
    return { state: "busy", note, share };
  }
  if (item.status === "same") return same(item);
  if (item.status === "failed") {
    const note = item.problem === "stopped" ? t("stopped") : t("not opened");
    const action = !item.final && files.inHand(item) ? "retry" : null;
    return { state: "error", note, reason: `${item.message} ${item.remedy}`, action };
  }
  if (!state.facts && byId("model").disabled) {
    return { state: "error", note: t("not read"), reason: t("This server has no model to ask.") };
  }
  const answer = heard(item);
  if (!answer) return { state: "busy", note: t("reading…"), share: 1 };
  if (answer.error) return unread(item, answer.error);
  if (hidden(item)) return { state: "held", note: t("yours to read first") };
  if (!figuresShown(item, answer)) {
    const reason = (answer.quality.reasons[0] || t("Not a frontal chest film")).replace(/\.$/, "");
    return { state: "reject", note: t("cannot judge: {reason}", { reason: words.lower(reason) }) };
  }
  // asked for after a refusal: amber like the refusal itself, and not counted among films with findings
  return answer.quality.verdict === "reject" && !item.phantom ? { ...judged(answer), state: "reject" } : judged(answer);
}

/** @type {(item: Row) => RowSays} */
function same(item) {
  const twin = duplicates.twin(item);
  const note = twin ? t("same as {film}", { film: words.film(twin) }) : t("same as a film that was removed");
  return { state: "same", note, action: files.inHand(item) ? "anyway" : null };
}

/** @type {(item: Row, error: Problem) => RowSays} */
function unread(item, error) {
  const action = files.inHand(item) ? "retry" : null;
  if (error.code !== "case_not_found") {
    const helps = !problems.isFinal(error.code);
    return { state: "error", note: t("not read"), reason: `${error.message} ${error.remedy}`, action: helps ? "retry" : null };
  }
  const remedy = action ? "" : t("Drop the same file once more.");
  return { state: "error", note: t("no longer kept"), reason: `${t("Its time on the server ran out.")} ${remedy}`, action };
}

/** Ranked anew only when a cut moved: the list is painted far more often than it changes.
 * @type {(answer: Answer) => Judged} */
function judged(answer) {
  const cuts = state.thresholds[answer.model];
  const known = judgements.get(answer);
  const shares = JSON.stringify(state.prevalences);
  if (known && known.cuts === cuts && known.facts === state.facts && known.shares === shares) return known.said;
  const said = judge(rank(answer).sort((a, b) => b.margin - a.margin));
  const score = modelFacts().film_score;
  if (score) said.filmScore = answer.probabilities[score];
  judgements.set(answer, { cuts, shares, facts: state.facts, said });
  return said;
}

/** @type {(ranked: Finding[]) => Judged} */
function judge(ranked) {
  const above = ranked.filter((one) => one.above);
  const check = toCheck(ranked);
  const top = check[0] || above[0];
  const nearest = ranked.find((one) => !one.reassuring) || ranked[0];
  const drawn = top || nearest;
  const said = { share: drawn.probability, cut: drawn.cut, margin: nearest.margin, above: above.map((one) => one.name), check: check.length };
  if (!top) return { ...said, state: "clear", note: t("nothing above its threshold") };
  const note = check.length
    ? plural("{n} to check: {finding}", "{n} to check: {finding}, …", check.length, { finding: top.name })
    : t("{finding} above threshold", { finding: top.name });
  return { ...said, state: top.reassuring ? "clear" : "above", note, finding: top.name };
}

// ---- which rows, in what order

/** @type {Record<Showing, (item: Row) => boolean>} */
const SHOWS = {
  all: () => true,
  above: (item) => describe(item).state === "above",
  unread: (item) => !item.read && item.status !== "same",
  problems: (item) => ["error", "reject"].includes(describe(item).state),
};

/** In small letters, without accents, apart at spaces and signs.
 * @param {string} text
 */
const wordsOf = (text) =>
  text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().split(/[\s,;:()+_./-]+/).filter(Boolean);

/** Every word of the filter begins a word of the row: its number, label, file, patient, note, findings, or "unread".
 * @param {Row} item
 */
function matches(item) {
  const wanted = wordsOf(options.text);
  if (!wanted.length) return true;
  const what = describe(item);
  const mark = item.read ? t("read") : t("unread");
  const said = [rowLabels.title(item), item.number, files.pathOf(item), patients.of(item).line, what.note, mark, ...(what.above || [])];
  const own = wordsOf(said.join(" "));
  return wanted.every((word) => own.some((one) => one.startsWith(word)));
}

/** @typedef {{ item: Row, what: RowSays }} Described */
/** @typedef {(a: Described, b: Described) => number} Comparing */
const LATER = { above: 0, clear: 1, held: 2, reject: 3, error: 4, busy: 5, same: 6 };
/** @param {RowSays} what */
const margin = (what) => (what.margin === undefined ? -Infinity : what.margin);
/** @type {Comparing} */
const byMargin = (a, b) => LATER[a.what.state] - LATER[b.what.state] || margin(b.what) - margin(a.what) || 0;
/** @param {RowSays} what */
const filmScore = (what) => (what.filmScore === undefined ? -Infinity : what.filmScore);
/** @param {RowSays} what */
const judgedFirst = (what) => Math.max(LATER[what.state], LATER.clear); // above a cut or not
/** By the model's one score a film; a model without one orders by cuts.
 * @type {Comparing} */
const byScore = (a, b) =>
  judgedFirst(a.what) - judgedFirst(b.what) || filmScore(b.what) - filmScore(a.what) || byMargin(a, b);
/** @type {(a: string, b: string) => number} */
const byText = (a, b) => a.localeCompare(b, words.language(), { numeric: true });
/** @type {Record<Ordering, Comparing>} */
const COMPARE = {
  added: () => 0,
  above: byMargin,
  score: byScore,
  finding: (a, b) =>
    LATER[a.what.state] - LATER[b.what.state] || byText(a.what.finding || "", b.what.finding || "") || byMargin(a, b),
  label: (a, b) => Number(!rowLabels.of(a.item)) - Number(!rowLabels.of(b.item)) || byText(rowLabels.of(a.item), rowLabels.of(b.item)),
  name: (a, b) => byText(files.pathOf(a.item), files.pathOf(b.item)),
};

/** The rows on the screen, from the top.
 * @returns {Row[]}
 */
function shown() {
  if (state.films.length < 2) Object.assign(options, { order: "added", show: "all", text: "" });
  const now = performance.now();
  if (cutsSeen !== state.thresholds) {
    if (cutsSeen) cutsMovedAt = now;
    cutsSeen = state.thresholds;
  }
  const mark = [options.order, options.show, options.text, state.films.length].join("|");
  if (mark === last.mark && now - cutsMovedAt < HOLD_MS) {
    clearTimeout(later);
    later = setTimeout(changed, HOLD_MS);
    return last.items;
  }
  const items = state.films
    .filter((item) => SHOWS[options.show](item) && matches(item))
    .map((item) => ({ item, what: describe(item) }))
    .sort(COMPARE[options.order]) // stable: equal ones stay in the order in which they were added
    .map(({ item }) => item);
  last = { mark, items };
  return items;
}

/** @type {Partial<Record<RowSays["state"], string>>} */
const HEADINGS = {
  clear: N_("Nothing above its threshold"), held: N_("Yours to read first"), reject: N_("Cannot judge"), error: N_("Not read"),
  busy: N_("Under way"), same: N_("Already in the list"),
};

/** What stands above a film where the list is ordered by finding; "" elsewhere.
 * @param {Row} item
 */
function heading(item) {
  if (options.order !== "finding") return "";
  const what = describe(item);
  const title = HEADINGS[what.state];
  return what.finding || (title ? t(title) : "");
}

/** The row that takes a row's place when it goes: the next one, else the one before.
 * @param {Row} item
 */
function beside(item) {
  const items = shown().filter((other) => other === item || duplicates.original(other) === other);
  const index = items.indexOf(item);
  return items[index + 1] || items[index - 1] || state.films.find((other) => other !== item) || null;
}

followBy(beside);

/** @param {Showing} show */
const count = (show) => state.films.filter(SHOWS[show]).length;
const filtered = () => options.show !== "all" || options.text.trim() !== "";

session.part("list", {
  save: () => ({ order: options.order, show: options.show }), // what was typed may be a name
  load: ({ order, show }) => Object.assign(options, { order, show }),
});

export { ORDERS, orders, options, describe, shown, heading, count, filtered };
