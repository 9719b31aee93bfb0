/* What the model's answer comes to, in words: one sentence for the film, where its heat is, how sure a score is. */
import { pageSettings, state } from "../0-core/00-core.js";
import { interval, list, lower, N_, pair, percent, plural, t } from "../0-core/10-words.js";
import { modelFacts, modelLabels } from "../0-core/12-model.js";
import { isOwnCut, threshold } from "../0-core/14-cuts.js";
import { figuresShown } from "../0-core/15-answers.js";
import * as statistics from "../0-core/20-statistics.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { borderline, rank, toCheck } from "../0-core/22-ranked.js";
import * as heldOut from "../0-core/23-held-out.js";
import * as files from "../3-list/30-files.js";
import * as stage from "../5-film/53-stage.js";
import * as trust from "../5-film/53-trust.js";
import * as view from "../5-film/55-view.js";

/** {headline, summary, tone, names?} of a film: tone is idle, busy, error, reject, shown, above or clear; `placed` where it
 * says on which side the heat is.
 * @param {Row | null} item
 * @param {Heard | null} answer
 * @returns {Conclusion}
 */
function words(item, answer) {
  if (state.lateModel && !state.serverLost) {
    return { headline: t("Fetching the model…"), summary: t("The server has not sent it yet."), tone: "busy" };
  }
  if (!item) {
    return { headline: t("No film yet."), summary: t("Each finding will stand here against its own threshold."), tone: "idle" };
  }
  if (item.status === "failed") {
    const summary = [item.message, item.remedy].filter(Boolean).join(" ");
    return { headline: t("This film could not be opened."), summary, tone: "error" };
  }
  if (item.status === "same") {
    return { headline: t("There is no film in this row."), summary: t("It is the same as one that was removed."), tone: "idle" };
  }
  if (!answer) return waiting();
  if (answer.error) return problem(answer.error, item);
  if (!figuresShown(item, answer)) {
    return {
      headline: t("Cannot judge this film."),
      summary: t("Its figures are left out: they would mean nothing here."),
      tone: "reject",
    };
  }
  return judged(item, answer);
}

/** @type {() => Conclusion} */
function waiting() {
  if (!state.serverLost) return { headline: t("Reading…"), summary: state.serverSlow ? t("The server has not answered for 5 s, still waiting…") : "", tone: "busy" };
  const summary = t("Your list is kept. The page goes on as soon as the server is back.");
  return { headline: t("The server does not answer."), summary, tone: "error" };
}

/** @type {(error: Problem, item: Row) => Conclusion} */
function problem(error, item) {
  if (error.code === "case_not_found") {
    const again = files.inHand(item) ? t("Try again sends it anew.") : t("Drop the same file once more.");
    const summary = [t("Its time on the server ran out."), again].join(" ");
    return { headline: t("This film is no longer kept."), summary, tone: "error" };
  }
  return { headline: t("This film could not be read."), summary: `${error.message} ${error.remedy}`, tone: "error" };
}

/** @type {(item: Row, answer: Answer) => Conclusion} */
function judged(item, answer) {
  const ranked = rank(answer);
  const check = toCheck(ranked);
  if (refused(item, answer)) return shownAnyway(check.length);
  const said = check.length ? worthALook(answer, check) : nothingAbove(ranked);
  return { ...said, summary: [...said.summary, ...rate(), ...ownCuts(), ...good(answer)].join(" ") };
}

/** Asking for the figures makes the picture no chest film: no finding is announced.
 * @type {(above: number) => Conclusion} */
function shownAnyway(above) {
  return {
    headline: t("Cannot judge this film; its figures are shown anyway."),
    summary: [t("They mean nothing where the picture is none of those the model was made for."), howMany(above)].join(" "),
    tone: "shown",
  };
}

/** The count alone: which findings, how sure and where stands in the rows below it, and in `names` for who does not see them.
 * @type {(answer: Answer, check: Finding[]) => Sentences} */
function worthALook(answer, check) {
  const names = check.map((one) => {
    const name = lower(one.name);
    return borderline(one) ? t("{name} (just above its threshold)", { name }) : name;
  });
  const spoken = t("To check: {names}.", { names: list(names, names.length) });
  const placed = check.some((one) => placeOf(answer, one.key));
  return { headline: howMany(check.length), names: spoken, summary: [], tone: "above", placed };
}

const howMany = (/** @type {number} */ count) => plural("{n} finding to check", "{n} findings to check", count);

/* What these cuts do to films without a finding, where a preset of all cuts is in force that was measured. */
function rate() {
  const cuts = modelLabels().map(({ key }) => ({ key, cut: threshold(key) }));
  /** @type {(point: OperatingPoint) => boolean} */
  const holds = (point) => point.joint && cuts.every(({ key, cut }) => Math.abs(point.thresholds[key] - cut) < 1e-9);
  const point = modelFacts().operating_points.find(holds);
  return point && point.flagged ? [point.flagged] : [];
}

/** @type {(ranked: Finding[]) => Sentences} */
function nothingAbove(ranked) {
  const [reassuring] = ranked.filter((item) => item.above);
  const headline = reassuring
    ? t("Only {name} is above its threshold.", { name: lower(reassuring.name) })
    : t("Nothing above its threshold.");
  const [closest] = ranked.filter((item) => !item.reassuring).sort((a, b) => b.margin - a.margin);
  if (!closest) return { headline, summary: [], tone: "clear" };
  const [probability, cut] = pair(closest.probability, closest.cut);
  const said = t("Closest: {name}, {probability} against a threshold of {cut}.", { name: lower(closest.name), probability, cut });
  // neither a "normal" nor silence is a finding of health
  const caveat = reassuring ? t("That does not rule out disease.") : t("That does not make the film normal.");
  return { headline, summary: [said, caveat], tone: "clear" };
}

function ownCuts() {
  const own = modelLabels().filter((label) => isOwnCut(label.key)).length;
  return own ? [plural("{n} threshold is your own.", "{n} thresholds are your own.", own)] : [];
}

/* What was checked, and no more: no gate says that a film is good. */
const good = (/** @type {Answer} */ answer) => (answer.quality.verdict === "ok" ? [pageSettings().rules.gate_checked] : []);

// ---- where the heat is. The picture's sides, never the patient's: nobody knows how the film was laid down
const PLACES = [
  [N_("picture left, upper third"), N_("picture middle, upper third"), N_("picture right, upper third")],
  [N_("picture left, middle third"), N_("picture middle, middle third"), N_("picture right, middle third")],
  [N_("picture left, lower third"), N_("picture middle, lower third"), N_("picture right, lower third")],
];
const BOTH = [
  N_("both sides of the picture, upper third"),
  N_("both sides of the picture, middle third"),
  N_("both sides of the picture, lower third"),
];
const MIDDLE = 0.06; // of the picture's width, to either side of its middle
const columnOf = (/** @type {Point2} */ [x]) => (x < 0.5 - MIDDLE ? 0 : x > 0.5 + MIDDLE ? 2 : 1);
const thirdOf = (/** @type {Point2} */ [, y]) => Math.min(2, Math.floor(y * 3));

/** A place on a film as the picture now lies: the reader may have flipped and turned it.
 * @type {(film: string, at: Point2) => Point2} */
function asShown(film, [x, y]) {
  const sheet = stage.sheets().find((one) => one.pane && one.pane.item.film === film);
  if (!sheet) return [x, y];
  const { turn, flip } = view.wayOf(sheet);
  const across = flip ? 1 - x : x; // mirrored in its own frame, then turned clockwise
  return /** @type {Record<number, Point2>} */ ({ 0: [across, y], 90: [1 - y, across], 180: [1 - across, 1 - y], 270: [y, 1 - across] })[turn];
}

/** Whether a label's heat has a place that may be named if it can be relied on.
 * @type {(answer: Answer, label: string) => boolean} */
function pointing(answer, label) {
  const heat = answer.heat[label];
  return Boolean(heat && !heat.flat && heat.at && heat.at.length) && answer.quality.verdict !== "reject";
}

/** Whether it is not known yet if a place will be named.
 * @param {Answer} answer
 * @param {string} label
 * @returns {boolean}
 */
const placeWaits = (answer, label) => trust.waits(answer) && pointing(answer, label);

/** Where a label's heat is strongest, as the picture now lies; null where heat says nothing or is not to be relied on.
 * @param {Answer} answer
 * @param {string} label
 * @returns {string | null}
 */
function placeOf(answer, label) {
  if (!pointing(answer, label) || trust.doubted(answer, label)) return null;
  const [peak, other] = answer.heat[label].at.map((place) => asShown(answer.film, place));
  if (!other || Math.abs(columnOf(peak) - columnOf(other)) !== 2) return t(PLACES[thirdOf(peak)][columnOf(peak)]);
  return thirdOf(peak) === thirdOf(other) ? t(BOTH[thirdOf(peak)]) : t("both sides of the picture");
}

const SIDES = N_(
  "Left and right are those of the picture. In the usual view the patient's left is on its right; a film may have been turned over.",
);

const SAME_PREVALENCE = 0.02; // of the prevalence itself: less is no other one

// ---- how sure: what became of held-out films with a score like this
const known = /** @type {WeakMap<Answer, Map<string, ReturnType<typeof statistics.nearest>>>} */ (new WeakMap()); // answer -> split and label -> neighbours; no cut changes them

/** @type {(answer: Answer, label: string) => ReturnType<typeof statistics.nearest>} */
function nearest(answer, label) {
  const held = heldOut.split(label);
  const key = `${held.split}/${label}`;
  const found = known.get(answer) ?? new Map();
  known.set(answer, found);
  if (!found.has(key)) found.set(key, statistics.nearest(held.positives[label], held.negatives[label], answer.probabilities[label]));
  return found.get(key);
}

/** {near, sentence} for one label of an answer; near is null where there are too few films to say.
 * @type {(answer: Answer, label: string) => { near: Carried | null, sentence: string }} */
function sure(answer, label) {
  if (answer.quality.verdict === "reject") {
    return { near: null, sentence: t("How sure this is cannot be said: no held-out film was like this picture.") };
  }
  const found = nearest(answer, label);
  const split = heldOut.splitName(heldOut.split(label).split);
  if (!found) {
    return { near: null, sentence: t("Too few held-out films ({split}) to say how often a score like this was right.", { split }) };
  }
  const stated = (/** @type {number} */ score) => prevalence.cut(label, score);
  if ("beyond" in found) {
    const edge = percent(stated(found.edge));
    return {
      near: null,
      sentence: found.beyond === "above"
        ? t("This score lies above every held-out film measured ({split}); the highest is {edge}.", { split, edge })
        : t("This score lies below every held-out film measured ({split}); the lowest is {edge}.", { split, edge }),
    };
  }
  const near = carried(found, label);
  return { near, sentence: agrees(near, answer, label) ? counted(near, split) : otherwise(near, answer, label, split) };
}

/** The share that had it, carried from the prevalence of those films to the one in force.
 * @type {(found: Near, label: string) => Carried} */
function carried(found, label) {
  const held = heldOut.split(label);
  const [withIt, without] = [held.positives[label].length, held.negatives[label].length];
  const [before, after] = [withIt / (withIt + without), prevalence.wanted(label)];
  const move = (/** @type {number} */ share) => (withIt && without ? prevalence.shift(share, before, after) : share);
  return {
    ...found, share: move(found.share), interval: [move(found.interval[0]), move(found.interval[1])],
    span: [prevalence.cut(label, found.span[0]), prevalence.cut(label, found.span[1])],
    other: Math.abs(after - before) > SAME_PREVALENCE * before, prevalence: after,
  };
}

/** Whether the films bear the score out: what is stated lies in the interval of what was so.
 * @type {(near: Near, answer: Answer, label: string) => boolean} */
function agrees(near, answer, label) {
  const { probability } = prevalence.shown(answer, label);
  return near.interval[0] <= probability && probability <= near.interval[1];
}

/** The films do not bear it out, and the line says so instead of giving two figures without a word.
 * @type {(near: Near, answer: Answer, label: string, split: string) => string} */
function otherwise(near, answer, label, split) {
  const { probability } = prevalence.shown(answer, label);
  const values = { split, stated: percent(probability), share: percent(near.share), interval: interval(near.interval) };
  return near.share < probability
    ? t("Held-out films ({split}) with scores like this had it less often than the {stated} stated: {share} (95 %: {interval}).", values)
    : t("Held-out films ({split}) with scores like this had it more often than the {stated} stated: {share} (95 %: {interval}).", values);
}

/** @type {(near: Carried, split: string) => string} */
function counted(near, split) {
  const values = {
    split, total: near.total, low: percent(near.span[0]), high: percent(near.span[1]),
    share: percent(near.share), interval: interval(near.interval), prevalence: percent(near.prevalence),
  };
  if (near.other) {
    return modelFacts().exclusive
      ? plural(
          "{n} of {total} held-out films ({split}) that scored {low} to {high} was of this class; where {prevalence} are, that is {share} (95 %: {interval}).",
          "{n} of {total} held-out films ({split}) that scored {low} to {high} were of this class; where {prevalence} are, that is {share} (95 %: {interval}).",
          near.found, values)
      : plural(
          "{n} of {total} held-out films ({split}) that scored {low} to {high} had it; where {prevalence} have it, that is {share} (95 %: {interval}).",
          "{n} of {total} held-out films ({split}) that scored {low} to {high} had it; where {prevalence} have it, that is {share} (95 %: {interval}).",
          near.found, values);
  }
  return modelFacts().exclusive
    ? plural(
        "{n} of {total} held-out films ({split}) that scored {low} to {high} was of this class: {share} (95 %: {interval}).",
        "{n} of {total} held-out films ({split}) that scored {low} to {high} were of this class: {share} (95 %: {interval}).",
        near.found, values)
    : plural(
        "{n} of {total} held-out films ({split}) that scored {low} to {high} had it: {share} (95 %: {interval}).",
        "{n} of {total} held-out films ({split}) that scored {low} to {high} had it: {share} (95 %: {interval}).",
        near.found, values);
}

/** Whether the gate refused the film, whose figures are then shown only because they were asked for.
 * @type {(item: Row | null, answer: Heard | null) => boolean} */
const refused = (item, answer) => Boolean(item && !item.phantom && answer && !answer.error && answer.quality.verdict === "reject");

const sides = () => t(SIDES);

export { words, placeOf, placeWaits, sides, sure, refused };
