/* Headline, quality, and every finding against its own cut: bar, mark, and how sure its score is. */
import { around, byId, changed, element, inside, onKey, pageSettings, painters, present, setText, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { N_, pair, percent, plural, t } from "../0-core/10-words.js";
import { defaultThreshold, modelFacts, modelLabels } from "../0-core/12-model.js";
import { isKept, rowInView } from "../0-core/13-films.js";
import { isOwnCut, threshold } from "../0-core/14-cuts.js";
import { answerKey, answerOf, figuresShown, showAnyway } from "../0-core/15-answers.js";
import * as requests from "../0-core/16-requests.js";
import * as statistics from "../0-core/20-statistics.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { borderline, chooseLabel, labelAtHand, rank, toCheck } from "../0-core/22-ranked.js";
import * as verdicts from "../4-reading/44-verdicts.js";
import * as conclusion from "./60-conclusion.js";

const SHOWN_AT_LEAST = 5; // rows that stand for what will come, before there is an answer
let expanded = false; // findings below their cut shown

/** @param {HTMLElement} panel */
function build(panel) {
  expanded = false;
  inside(panel, "#findings").addEventListener("click", (event) => {
    const label = around(event, "[data-label]")?.dataset.label;
    if (label) chooseLabel(label);
  });
  inside(panel, "#more").addEventListener("click", () => {
    expanded = !expanded;
    changed();
  });
  for (const tick of panel.querySelectorAll("[data-percent]")) {
    tick.style.left = `${100 * statistics.scale(Number(tick.dataset.percent) / 100)}%`;
  }
}

/** What must be known before the answer is looked at stands above it, for as long as it is shown.
 * @param {Heard | null} answer
 */
function paintFirstOfAll(answer) {
  const box = byId("first-of-all");
  const said = answer && !answer.error ? answer.quality.first_of_all || [] : [];
  box.hidden = !said.length;
  setText(box, said.join(" "));
}

/** @type {(item: Row | null, answer: Heard | null) => void} */
function paintQuality(item, answer) {
  const box = byId("quality");
  const quality = answer && !answer.error ? answer.quality : null;
  const apart = quality ? quality.first_of_all || [] : [];
  const told = quality ? quality.reasons.filter((reason) => !apart.includes(reason)) : [];
  const concerns = quality !== null && (quality.verdict === "reject" || (quality.verdict !== "ok" && told.length > 0));
  box.hidden = !concerns;
  const id = answer && concerns && isKept(item) ? answerKey(answer.model, item.film) : "";
  const mark = id ? `${id}|${figuresShown(item, answer)}` : "";
  if (box.dataset.mark === mark) return;
  box.dataset.mark = mark;
  box.replaceChildren();
  if (!concerns || !isKept(item)) return;
  const rejected = quality.verdict === "reject";
  box.dataset.verdict = quality.verdict;
  const title = rejected ? (item.phantom ? t("A drawing, not a film.") : t("Why:")) : t("Read with care.");
  const reasons = told.map((reason) => element("p", { class: "quality-reason", text: reason }));
  if (!reasons.length) reasons.push(element("p", { class: "quality-reason" }));
  reasons[0].prepend(element("strong", { text: title }), " ");
  box.append(...reasons);
  if (!rejected || quality.withheld) return;
  const shown = state.showRejected.has(id);
  const text = shown ? t("Hide the figures") : t("Show the figures anyway");
  box.append(
    element("button", {
      class: "link", type: "button", text, "aria-expanded": String(shown),
      onclick: () => {
        showAnyway(id, !shown);
        // where a trail is kept, it holds that a refusal was overridden
        if (!shown && pageSettings().tells_overrides) requests.ask(`/films/${item.film}/${modelFacts().id}/override`, { method: "POST" }).catch(() => {});
        changed();
      },
    }),
  );
}

/** A finding's row while there is nothing to say of it.
 * @type {(label: Label) => Finding} */
const unjudged = (label) => ({
  ...label, cut: prevalence.cut(label.key, threshold(label.key)), above: false, probability: NaN, margin: NaN, settledMargin: NaN,
});

/** @type {(item: Row | null, answer: Heard | null) => void} */
function paintRows(item, answer) {
  const visible = figuresShown(item, answer);
  const ranked = visible ? rank(answer) : modelLabels().map(unjudged);
  const chosen = labelAtHand();
  const check = visible ? toCheck(ranked) : [];
  // never a list cut short: all that is to be checked or was judged, the chosen one (heat and cut speak of it), and on demand the rest
  /** @type {(finding: Finding, order: number) => boolean} */
  const kept = (finding, order) =>
    visible
      ? check.includes(finding) || (finding.above && finding.reassuring) || finding.key === chosen || Boolean(item && verdicts.of(item, finding.key))
      : order < SHOWN_AT_LEAST;
  ranked.forEach((finding, order) => {
    const node = inside(document, `#findings [data-label="${finding.key}"]`);
    const row = rowOf(node);
    row.hidden = !expanded && !kept(finding, order);
    row.style.order = String(order);
    paintRow(node, finding, finding.key === chosen, visible ? answer : null, check.includes(finding));
  });
  const below = ranked.filter((finding) => !finding.above && !finding.summary);
  paintMore(below, check.length > 0, visible, ranked.length > SHOWN_AT_LEAST);
  const said = visible ? [conclusion.sure(answer, chosen).sentence, measured(answer, chosen).sentence] : [];
  setText(byId("how-sure"), said.filter(Boolean).join(" "));
}

/** The row of a finding's button.
 * @param {HTMLElement} node
 */
const rowOf = (node) => present(node.parentElement, "row of this finding");

/** What was measured on the film beside a finding, {short, sentence}: the cardiothoracic ratio.
 * @type {(answer: Answer, label: string) => { short: string, sentence: string }} */
const measured = (answer, label) => (answer.measures && answer.measures[label]) || { short: "", sentence: "" };

/** @type {(node: HTMLElement, finding: Finding, chosen: boolean, answer: Answer | null, check: boolean) => void} */
function paintRow(node, finding, chosen, answer, check) {
  const { scale } = statistics;
  /** @param {string} name */
  const part = (name) => node.querySelector(`.finding-${name}`);
  const { near, sentence } = answer ? conclusion.sure(answer, finding.key) : { near: null, sentence: "" };
  // figures of a film that was refused are asked for, never vouched for: they stay amber
  const refused = conclusion.refused(rowInView(), answer);
  const close = check && borderline(finding);
  const [probability] = answer ? pair(finding.probability, finding.cut) : ["–"];
  node.classList.toggle("above", check);
  node.classList.toggle("borderline", close || (check && refused));
  node.classList.toggle("reassuring", finding.above && finding.reassuring);
  node.classList.toggle("own", isOwnCut(finding.key));
  node.setAttribute("aria-selected", String(chosen));
  node.tabIndex = chosen ? 0 : -1;
  node.style.setProperty("--share", String(answer ? scale(finding.probability) : 0));
  node.style.setProperty("--cut", String(scale(finding.cut)));
  const counts = check || (finding.above && finding.reassuring); // any finding is not counted beside those it sums up
  setText(part("mark"), counts ? (close ? "△" : "▲") : "");
  setText(part("place"), check && answer ? whereAndHow(finding, answer, close) : "");
  setText(part("value"), probability);
  if (part("measure")) setText(part("measure"), answer ? measured(answer, finding.key).short : "");
  inside(node, ".finding-sure").hidden = !near;
  if (near) {
    node.style.setProperty("--low", String(scale(near.interval[0])));
    node.style.setProperty("--high", String(scale(near.interval[1])));
  }
  const spoken = answer ? [againstCut(finding), check ? conclusion.placeOf(answer, finding.key) : "", sentence, measured(answer, finding.key).sentence].filter(Boolean).join(" ") : t("{name}: no figure; its threshold is {cut}.", {
    name: finding.name, cut: percent(finding.cut),
  });
  node.setAttribute("aria-label", spoken);
  node.title = answer ? spoken : "";
}

/** Under a name that is to be checked: the place of its heat, and whether it is a close thing. The line is kept free for a
 * place that may still come.
 * @type {(finding: Finding, answer: Answer, close: boolean) => string} */
function whereAndHow(finding, answer, close) {
  const place = conclusion.placeWaits(answer, finding.key) ? "…" : conclusion.placeOf(answer, finding.key);
  return [place, close ? t("just above") : ""].filter(Boolean).join(" · ");
}

/** @param {Finding} finding */
function againstCut(finding) {
  const [probability, cut] = pair(finding.probability, finding.cut);
  const values = {
    name: finding.name, probability, cut,
    default: percent(prevalence.cut(finding.key, defaultThreshold(finding.key))),
  };
  if (isOwnCut(finding.key)) {
    return finding.above
      ? t("{name} {probability}, above your threshold of {cut} (default {default}).", values)
      : t("{name} {probability}, below your threshold of {cut} (default {default}).", values);
  }
  return finding.above
    ? t("{name} {probability}, above its threshold of {cut}.", values)
    : t("{name} {probability}, below its threshold of {cut}.", values);
}

/** What lies below is one line, that opens: how many, and which of them comes closest.
 * @type {(below: Finding[], anyToCheck: boolean, visible: boolean, extra: boolean) => void} */
function paintMore(below, anyToCheck, visible, extra) {
  const more = byId("more");
  more.hidden = visible ? !below.length : !extra;
  setText(more, expanded ? t("Show fewer") : visible ? belowInWords(below, anyToCheck) : t("Show all"));
  more.setAttribute("aria-expanded", String(expanded));
}

/** @type {(below: Finding[], anyToCheck: boolean) => string} */
function belowInWords(below, anyToCheck) {
  const count = modelFacts().exclusive
    ? plural("{n} class below", "{n} classes below", below.length)
    : plural("{n} finding below", "{n} findings below", below.length);
  const [closest] = below.filter((one) => !one.reassuring).sort((a, b) => b.margin - a.margin);
  if (!closest || !anyToCheck) return count; // where nothing is to be checked, the summary names it
  const values = { name: words.lower(closest.name), probability: percent(closest.probability) };
  return [count, t("closest: {name} {probability}", values)].join(" · ");
}

function paint() {
  const body = document.querySelector(".panel-body");
  // for a moment after a change of model the panel is one model's and the facts another's
  if (!body || !state.facts || body.dataset.model !== state.facts.id) return;
  const item = rowInView();
  const answer = answerOf(item);
  const said = conclusion.words(item, answer);
  setText(byId("headline"), said.headline);
  setText(byId("to-check"), said.names || "");
  setText(byId("summary"), said.summary);
  present(byId("headline").parentElement, "box of the headline").title = said.placed ? conclusion.sides() : "";
  body.dataset.tone = said.tone;
  paintFirstOfAll(answer);
  paintQuality(item, answer);
  byId("figures").hidden = state.lateModel || ["reject", "error"].includes(said.tone);
  paintRows(item, answer);
  const time = answer && !answer.error ? ` · ${answer.milliseconds} ms` : "";
  setText(byId("footer-time"), time);
}

/** The next finding in the order of the screen; one that is folded away comes into view with it.
 * @param {number} by
 */
function step(by) {
  const nodes = [...document.querySelectorAll("#findings [data-label]")]
    .sort((a, b) => Number(rowOf(a).style.order) - Number(rowOf(b).style.order));
  const index = nodes.findIndex((node) => node.getAttribute("aria-selected") === "true");
  const target = nodes[Math.min(nodes.length - 1, Math.max(0, index + by))];
  const label = target?.dataset.label;
  if (!label) return;
  chooseLabel(label);
  rowOf(target).hidden = false;
  target.scrollIntoView({ block: "nearest" });
  if (document.activeElement && document.activeElement.closest("#findings")) target.focus();
}

painters.push(paint);
onKey("ArrowLeft", "findings", N_("previous finding"), () => step(-1), "←");
onKey("ArrowRight", "findings", N_("next finding"), () => step(1), "→");

export { build };
