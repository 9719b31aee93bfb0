/* The form in place of the answer while a film is read first, and both readings side by side afterwards. */
import { byId, changed, element, ifThere, onKey, painters, present, setText, state } from "../0-core/00-core.js";
import { list, lower, N_, plural, t } from "../0-core/10-words.js";
import { modelFacts, nameOf } from "../0-core/12-model.js";
import { rowAtHand, rowInView } from "../0-core/13-films.js";
import { hidden } from "../0-core/15-answers.js";
import * as readFirst from "./40-read-first.js";

const drafts = /** @type {Map<string, Ticked>} */ (new Map()); // by row: what is ticked and not yet given
const revising = /** @type {Map<string, Reading>} */ (new Map()); // by row: the reading that is being changed
let made = /** @type {ReturnType<typeof build> | null} */ (null);
const nodes = () => present(made, "form of an own reading");

/**
 * @param {Row} item
 * @returns {Ticked}
 */
function draft(item) {
  const now = drafts.get(item.id) ?? { normal: null, labels: new Set(), unsure: false };
  drafts.set(item.id, now);
  return now;
}

// ---- the form
/** @type {(kind: string, name: string, value: string, text: string, key?: string) => HTMLLabelElement} */
function option(kind, name, value, text, key = "") {
  const input = element("input", { type: kind, name, value });
  return element("label", { class: "own-option" }, [input, element("span", { text }), ...(key ? [element("kbd", { text: key })] : [])]);
}

/** @param {HTMLElement} host */
function build(host) {
  const { exclusive, id } = modelFacts();
  const kind = exclusive ? "radio" : "checkbox";
  const title = element("h1", { class: "headline", id: "own-title" });
  const why = element("p", { class: "summary" });
  const primed = element("p", { class: "own-note" });
  const verdict = element("fieldset", { class: "own-verdict" }, [
    element("legend", { class: "hidden-label", text: t("Your reading") }),
    option("radio", "own-verdict", "normal", t("Normal"), "N"),
    option("radio", "own-verdict", "abnormal", t("Abnormal")),
  ]);
  const findings = element("fieldset", { class: "own-findings" }, [
    element("legend", { text: exclusive ? t("Which one, if you can say") : t("Which, if any of these") }),
    ...readFirst.offered().map(({ key, name }) => option(kind, "own-finding", key, name)),
  ]);
  const other = element("p", { class: "own-note", text: t("Anything else is abnormal without a tick.") });
  const unsure = option("checkbox", "own-unsure", "unsure", t("Not sure"));
  const problem = element("p", { class: "own-problem", role: "alert" });
  const submit = element("button", { class: "button primary", type: "submit" });
  const cancel = element("button", { class: "link", type: "button", text: t("Leave it"), onclick: leave });
  const last = element("div", { class: "own-last" }, [unsure, cancel, submit]);
  const form = element("form", { class: "own-form", "aria-labelledby": "own-title", onsubmit: submitted, onchange: ticked }, [
    title, why, primed, verdict, findings, other, problem, last,
  ]);
  host.replaceChildren(form);
  return { host, form, title, why, primed, problem, submit, cancel, model: id, shownFor: "" };
}

/** @param {string} name */
const inputs = (name) => [.../** @type {NodeListOf<HTMLInputElement>} */ (nodes().form.querySelectorAll(`[name="${name}"]`))];

/** @param {Event} event */
function ticked({ target }) {
  if (!(target instanceof HTMLInputElement)) return;
  const now = draft(rowAtHand());
  const { name, value, checked } = target;
  if (name === "own-verdict") now.normal = value === "normal";
  if (name === "own-unsure") now.unsure = checked;
  if (name === "own-finding") {
    if (modelFacts().exclusive) now.labels.clear();
    now.labels[checked ? "add" : "delete"](value);
    if (checked) now.normal = false;
  }
  if (now.normal) now.labels.clear();
  setText(nodes().problem, "");
  changed();
}

/** @param {Event} event */
function submitted(event) {
  event.preventDefault();
  const item = rowAtHand();
  const { normal: said, ...rest } = draft(item);
  if (said === null) {
    setText(nodes().problem, t("Say normal or abnormal first."));
    inputs("own-verdict")[0].focus();
    return;
  }
  const now = { ...rest, normal: said };
  if (revising.delete(item.id)) readFirst.change(item, now);
  else readFirst.give(item, now);
  drafts.delete(item.id);
  afterwards();
}

function leave() {
  const item = rowAtHand();
  revising.delete(item.id);
  drafts.delete(item.id);
  changed();
  afterwards();
}

/* The form goes and takes the focus with it: the reader goes on at the comparison. */
const afterwards = () => requestAnimationFrame(() => requestAnimationFrame(() => byId("compared").focus()));

/** What is changed, from the reading as it now stands.
 * @param {Row} item
 */
function begin(item) {
  const kept = present(readFirst.latest(item), "reading to change");
  drafts.set(item.id, { normal: kept.normal, labels: new Set(kept.labels), unsure: kept.unsure });
  revising.set(item.id, kept);
}

/** @param {Row} item */
function revise(item) {
  begin(item);
  changed();
  requestAnimationFrame(() => requestAnimationFrame(() => inputs("own-verdict").find((input) => input.checked)?.focus()));
}

/** @type {(item: Row, again: boolean) => void} */
function paintForm(item, again) {
  const now = draft(item);
  const { title, why, primed: note, problem, submit, cancel, shownFor } = nodes();
  if (shownFor !== item.id) setText(problem, "");
  nodes().shownFor = item.id;
  setText(title, again ? t("What do you see now?") : t("What do you see?"));
  setText(why, again ? t("Your first reading stays on record.") : t("The model's answer waits until you have said."));
  const primed = !again && readFirst.primed(item);
  setText(note, primed ? t("Its answer to this film has been on the screen before, so this reading will not count in the agreement.") : "");
  setText(submit, again ? t("Keep the change") : t("Show the model's answer"));
  cancel.hidden = !again;
  for (const input of inputs("own-verdict")) input.checked = now.normal === (input.value === "normal");
  for (const input of inputs("own-finding")) input.checked = now.labels.has(input.value);
  inputs("own-unsure")[0].checked = now.unsure;
}

// ---- both readings
/** @type {(verdict: string, unsure: boolean) => string} */
const hedged = (verdict, unsure) => (unsure ? t("{reading}, not sure", { reading: verdict }) : verdict);
/** @param {Reading} reading */
const verdictInWords = (reading) => hedged(reading.normal ? t("normal") : t("abnormal"), reading.unsure);

/** @param {Reading} reading */
function inWords(reading) {
  const names = reading.labels.map((key) => lower(nameOf(key)));
  return names.length ? hedged(list(names, 9), reading.unsure) : verdictInWords(reading);
}

/** @param {{ toCheck: number }} verdict */
function modelInWords({ toCheck }) {
  return toCheck ? plural("{n} finding to check", "{n} findings to check", toCheck) : t("nothing above its threshold");
}

/** Finding by finding, at most three lines: what both name, what one alone does.
 * @param {{ name: string, reader: boolean, model: boolean }[]} findings
 * @returns {Line[]}
 */
function findingLines(findings) {
  /** @type {(reader: boolean, model: boolean) => string} */
  const named = (reader, model) =>
    list(findings.filter((one) => one.reader === reader && one.model === model).map((one) => lower(one.name)), 9);
  return [
    { mark: "=", kind: "agree", names: named(true, true), text: t("Both: {findings}", { findings: named(true, true) }) },
    { mark: "≠", kind: "differ", names: named(true, false), text: t("Only you: {findings}", { findings: named(true, false) }) },
    { mark: "≠", kind: "differ", names: named(false, true), text: t("Only the model: {findings}", { findings: named(false, true) }) },
  ].filter(({ names }) => names).map(({ mark, kind, text }) => ({ mark, kind, text }));
}

/** @typedef {{ mark: string, kind: string, text: string }} Line */
/** @type {(tag: string, line: Line) => HTMLElement} */
const marked = (tag, { mark, kind, text }) =>
  element(tag, { class: `own-${kind}` }, [element("span", { class: "own-mark", "aria-hidden": "true", text: mark }), element("span", { text })]);

/** @type {(item: Row, own: Opinion) => HTMLElement[]} */
function lines(item, own) {
  const both = readFirst.compared(item);
  if (!both) return [marked("p", { mark: "·", kind: "alone", text: t("You: {reading}.", { reading: inWords(own) }) })];
  const said = t("You: {reading}. Model: {verdict}.", { reading: verdictInWords(own), verdict: modelInWords(both.model) });
  const kind = both.agree ? { mark: "=", kind: "agree" } : { mark: "≠", kind: "differ" };
  const findings = findingLines(both.findings);
  const rest = [];
  if (own.after) rest.push(t("Changed after seeing the model: {reading}.", { reading: inWords(own.after) }));
  if (own.seenBefore) rest.push(t("Not counted in the agreement: the model's answer had been on the screen before."));
  return [
    marked("p", { ...kind, text: said }),
    ...(findings.length ? [element("ul", { class: "own-lines" }, findings.map((one) => marked("li", one)))] : []),
    ...rest.map((text) => element("p", { class: "own-note", text })),
  ];
}

/** @type {(item: Row | null, host: HTMLElement) => void} */
function paintCompared(item, host) {
  const own = readFirst.opinion(item);
  const { facts, lateModel } = state;
  const none = !item || !own || !facts || lateModel || revising.has(item.id) || item.status !== "kept";
  host.hidden = none;
  if (none) {
    if (host.dataset.mark) host.replaceChildren();
    host.dataset.mark = "";
    return;
  }
  const both = readFirst.compared(item);
  const mark = JSON.stringify([facts.id, item.id, own, both && both.model]);
  if (host.dataset.mark === mark) return;
  host.dataset.mark = mark;
  const again = element("button", { class: "link", type: "button", text: t("Change my reading"), onclick: () => revise(item) });
  host.replaceChildren(...lines(item, own), ...(both && own.model === facts.id ? [again] : []));
}

function paint() {
  const host = ifThere("own-reading");
  if (!host || !state.facts) return;
  const item = rowInView();
  const waits = !state.lateModel && hidden(item);
  const revised = item && !waits ? revising.get(item.id) : undefined;
  if (item && revised && revised !== readFirst.latest(item)) begin(item); // a verdict was given beside the form
  document.body.toggleAttribute("data-own-reading", waits); // the style sheet takes the rest of the panel away
  host.hidden = !(waits || revised);
  if (!host.firstChild || made?.host !== host || made.model !== state.facts.id) made = build(host);
  if (item && !host.hidden) paintForm(item, Boolean(revised));
  paintCompared(item, byId("compared"));
}

/* Ready for a decision: Normal is ticked, the arrows change it, Enter shows the answer. */
function normal() {
  const item = rowInView();
  paint(); // the film, or the switch, may have come since the last frame
  if (!made || made.host.hidden || !item) return;
  Object.assign(draft(item), { normal: true });
  draft(item).labels.clear();
  changed();
  inputs("own-verdict")[0].focus();
}

painters.push(paint);
onKey("n", "findings", N_("read first: normal; the arrows change it, Enter shows the answer"), normal);
