/* The form in place of the answer while a film is read first, and both readings side by side afterwards. */
import { byId, changed, element, onKey, painters, setText, state } from "../0-core/00-core.js";
import { list, lower, N_, plural, t } from "../0-core/10-words.js";
import { nameOf } from "../0-core/12-model.js";
import { rowInView } from "../0-core/13-films.js";
import { hidden } from "../0-core/15-answers.js";
import * as readFirst from "./40-read-first.js";

const drafts = new Map(); // row id -> {normal, labels, unsure}: what is ticked and not yet given
const revising = new Map(); // row id -> the reading that is being changed
let nodes = null;

function draft(item) {
  if (!drafts.has(item.id)) drafts.set(item.id, { normal: null, labels: new Set(), unsure: false });
  return drafts.get(item.id);
}

// ---- the form
function option(kind, name, value, text, key = null) {
  const input = element("input", { type: kind, name, value });
  return element("label", { class: "own-option" }, [input, element("span", { text }), ...(key ? [element("kbd", { text: key })] : [])]);
}

function build(host) {
  const kind = state.facts.exclusive ? "radio" : "checkbox";
  const title = element("h1", { class: "headline", id: "own-title" });
  const why = element("p", { class: "summary" });
  const primed = element("p", { class: "own-note" });
  const verdict = element("fieldset", { class: "own-verdict" }, [
    element("legend", { class: "hidden-label", text: t("Your reading") }),
    option("radio", "own-verdict", "normal", t("Normal"), "N"),
    option("radio", "own-verdict", "abnormal", t("Abnormal")),
  ]);
  const findings = element("fieldset", { class: "own-findings" }, [
    element("legend", { text: state.facts.exclusive ? t("Which one, if you can say") : t("Which, if any of these") }),
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
  nodes = { host, form, title, why, primed, problem, submit, cancel, model: state.facts.id };
}

const inputs = (name) => [...nodes.form.querySelectorAll(`[name="${name}"]`)];

function ticked(event) {
  const now = draft(rowInView());
  const { name, value, checked } = event.target;
  if (name === "own-verdict") now.normal = value === "normal";
  if (name === "own-unsure") now.unsure = checked;
  if (name === "own-finding") {
    if (state.facts.exclusive) now.labels.clear();
    now.labels[checked ? "add" : "delete"](value);
    if (checked) now.normal = false;
  }
  if (now.normal) now.labels.clear();
  setText(nodes.problem, "");
  changed();
}

function submitted(event) {
  event.preventDefault();
  const item = rowInView();
  const now = draft(item);
  if (now.normal === null) {
    setText(nodes.problem, t("Say normal or abnormal first."));
    inputs("own-verdict")[0].focus();
    return;
  }
  if (revising.delete(item.id)) readFirst.change(item, now);
  else readFirst.give(item, now);
  drafts.delete(item.id);
  afterwards();
}

function leave() {
  const item = rowInView();
  revising.delete(item.id);
  drafts.delete(item.id);
  changed();
  afterwards();
}

/* The form goes and takes the focus with it: the reader goes on at the comparison. */
const afterwards = () => requestAnimationFrame(() => requestAnimationFrame(() => byId("compared").focus()));

/* What is changed, from the reading as it now stands. */
function begin(item) {
  const kept = readFirst.latest(item);
  drafts.set(item.id, { normal: kept.normal, labels: new Set(kept.labels), unsure: kept.unsure });
  revising.set(item.id, kept);
}

function revise(item) {
  begin(item);
  changed();
  requestAnimationFrame(() => requestAnimationFrame(() => inputs("own-verdict").find((input) => input.checked).focus()));
}

function paintForm(item, again) {
  const now = draft(item);
  if (nodes.shownFor !== item.id) setText(nodes.problem, "");
  nodes.shownFor = item.id;
  setText(nodes.title, again ? t("What do you see now?") : t("What do you see?"));
  setText(nodes.why, again ? t("Your first reading stays on record.") : t("The model's answer waits until you have said."));
  const primed = !again && readFirst.primed(item);
  setText(nodes.primed, primed ? t("Its answer to this film has been on the screen before, so this reading will not count in the agreement.") : "");
  setText(nodes.submit, again ? t("Keep the change") : t("Show the model's answer"));
  nodes.cancel.hidden = !again;
  for (const input of inputs("own-verdict")) input.checked = now.normal === (input.value === "normal");
  for (const input of inputs("own-finding")) input.checked = now.labels.has(input.value);
  inputs("own-unsure")[0].checked = now.unsure;
}

// ---- both readings
const hedged = (verdict, unsure) => (unsure ? t("{reading}, not sure", { reading: verdict }) : verdict);
const verdictInWords = (reading) => hedged(reading.normal ? t("normal") : t("abnormal"), reading.unsure);

function inWords(reading) {
  const names = reading.labels.map((key) => lower(nameOf(key)));
  return names.length ? hedged(list(names, 9), reading.unsure) : verdictInWords(reading);
}

function modelInWords({ toCheck }) {
  return toCheck ? plural("{n} finding to check", "{n} findings to check", toCheck) : t("nothing above its threshold");
}

/* Finding by finding, at most three lines: what both name, what one alone does. */
function findingLines(findings) {
  const named = (reader, model) =>
    list(findings.filter((one) => one.reader === reader && one.model === model).map((one) => lower(one.name)), 9);
  return [
    { mark: "=", kind: "agree", names: named(true, true), say: (names) => t("Both: {findings}", { findings: names }) },
    { mark: "≠", kind: "differ", names: named(true, false), say: (names) => t("Only you: {findings}", { findings: names }) },
    { mark: "≠", kind: "differ", names: named(false, true), say: (names) => t("Only the model: {findings}", { findings: names }) },
  ].filter(({ names }) => names).map(({ mark, kind, names, say }) => ({ mark, kind, text: say(names) }));
}

const marked = (tag, { mark, kind, text }) =>
  element(tag, { class: `own-${kind}` }, [element("span", { class: "own-mark", "aria-hidden": "true", text: mark }), element("span", { text })]);

function lines(item) {
  const own = readFirst.opinion(item);
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

function paintCompared(item, host) {
  const own = readFirst.opinion(item);
  const shown = Boolean(own && state.facts && !state.lateModel && !revising.has(item.id) && item.status === "kept");
  host.hidden = !shown;
  const both = shown && readFirst.compared(item);
  const mark = shown ? JSON.stringify([state.facts.id, item.id, own, both && both.model]) : "";
  if (host.dataset.mark === mark) return;
  host.dataset.mark = mark;
  if (!shown) {
    host.replaceChildren();
    return;
  }
  const again = element("button", { class: "link", type: "button", text: t("Change my reading"), onclick: () => revise(item) });
  host.replaceChildren(...lines(item), ...(both && own.model === state.facts.id ? [again] : []));
}

function paint() {
  const host = byId("own-reading");
  if (!host || !state.facts) return;
  const item = rowInView();
  const waits = Boolean(item) && !state.lateModel && hidden(item);
  const again = Boolean(item) && !waits && revising.has(item.id);
  if (again && revising.get(item.id) !== readFirst.latest(item)) begin(item); // a verdict was given beside the form
  document.body.toggleAttribute("data-own-reading", waits); // the style sheet takes the rest of the panel away
  host.hidden = !(waits || again);
  if (!host.firstChild || nodes.host !== host || nodes.model !== state.facts.id) build(host);
  if (!host.hidden) paintForm(item, again);
  paintCompared(item || {}, byId("compared"));
}

/* Ready for a decision: Normal is ticked, the arrows change it, Enter shows the answer. */
function normal() {
  const item = rowInView();
  paint(); // the film, or the switch, may have come since the last frame
  if (!nodes || nodes.host.hidden || !item) return;
  Object.assign(draft(item), { normal: true });
  draft(item).labels.clear();
  changed();
  inputs("own-verdict")[0].focus();
}

painters.push(paint);
onKey("n", "findings", N_("read first: normal; the arrows change it, Enter shows the answer"), normal);
