/* Two panes side by side: a film and its heat, two findings, two models, or another film as a prior. */
import { around, byId, changed, element, inside, listen, onKey, present, state } from "../0-core/00-core.js";
import { lower, N_, t } from "../0-core/10-words.js";
import { modelFacts, modelLabels, nameOf } from "../0-core/12-model.js";
import { isKept, rowAtHand, rowInView } from "../0-core/13-films.js";
import { threshold } from "../0-core/14-cuts.js";
import { answerOf, figuresShown } from "../0-core/15-answers.js";
import { labelInView, rank } from "../0-core/22-ranked.js";
import * as files from "../3-list/30-files.js";
import * as patients from "../3-list/33-patients.js";
import * as rowLabels from "../3-list/33-row-labels.js";
import * as look from "./50-look.js";
import { isFilled } from "./53-film-sheet.js";
import * as stage from "./53-stage.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";
import * as grey from "./58-grey.js";
import * as otherModel from "./58-other-model.js";
import * as priors from "./58-priors.js";

/** @type {[Comparison["kind"], string][]} */
const KINDS = [
  ["heat", N_("The film beside its heat")],
  ["finding", N_("Two findings")],
  ["model", N_("Two models")],
  ["film", N_("Another film, as a prior…")],
];
// what lies over the films and goes before the comparison does
const ON_TOP = ".modal.show, dialog[open], #agreement:not([hidden]), #download-menu:not([hidden]), #report-text:not([hidden]), #marks-menu:not([hidden]), #legend:not([hidden]) #heat-options:not([hidden])";
let made = /** @type {{ what: HTMLSelectElement, label: HTMLSelectElement, link: HTMLButtonElement } | null} */ (null);
const controls = () => present(made, "controls over the films");
const comparison = () => present(state.view.compare, "comparison");

const kept = () => state.films.filter(isKept).filter(({ status }) => status === "kept");
const models = () => [...byId("model").options].filter((one) => !one.disabled && one.value !== modelFacts().id);

const possible = {
  heat: () => true,
  finding: () => modelLabels().length > 1,
  model: () => Boolean(state.facts) && models().length > 0,
  film: () => kept().length > 1,
};

/** What a pane shows of a film by the chosen model.
 * @type {(item: Kept, label?: string | null) => Pane} */
function paneOf(item, label = labelInView()) {
  const answer = answerOf(item);
  return {
    item, label, answer: figuresShown(item, answer) ? answer : null, heat: state.view.heat,
    name: label ? nameOf(label) : "", cut: label ? threshold(label) : 1,
    model: state.facts ? t("{model}, version {version}", { model: chosenModel(), version: state.facts.version }) : "",
  };
}

const chosenModel = () => {
  const option = [...byId("model").options].find((one) => one.value === modelFacts().id);
  return option ? option.text : modelFacts().id;
};

/** One pane, two, or none while there is no film.
 * @returns {Pane[]}
 */
function panes() {
  const item = rowInView();
  if (!isKept(item)) return [];
  const one = paneOf(item);
  const { compare } = state.view;
  if (!compare) return [one];
  const other = beside[compare.kind](item, one, compare);
  if (other) return [compare.kind === "heat" ? { ...one, heat: false } : one, other];
  leave();
  return [paneOf(item)];
}

/** @type {Record<Comparison["kind"], (item: Kept, one: Pane, compare: Comparison) => Pane | null>} */
const beside = {
  heat: (item, one) => one,
  finding(item, one, compare) {
    // another model may not have it
    const isThere = modelLabels().some(({ key }) => key === compare.label);
    const label = isThere && compare.label !== one.label ? compare.label : nextFinding(one);
    if (label !== compare.label) look.compare({ label });
    return paneOf(item, label);
  },
  model: (item, one, compare) => otherModel.pane(item, one, compare, models()),
  /* The film that was chosen, and no other: while it is itself in view, the one that it was chosen for. */
  film(item, one, compare) {
    const chosen = compare.film === item.id ? compare.of : compare.film;
    const other = kept().find(({ id }) => id === chosen && id !== item.id);
    const isThere = kept().some(({ id }) => id === compare.film);
    const earlier = chosen === compare.film && priors.mayBePrior(item, other || item);
    return other && isThere ? { ...paneOf(other, one.label), prior: earlier } : null;
  },
};

/** The finding nearest to the first one that has heat to show, else any other.
 * @type {(one: Pane) => string} */
function nextFinding(one) {
  const { answer } = one;
  const others = (answer ? rank(answer) : modelLabels()).filter((label) => label.key !== one.label);
  const found = answer && others.find((label) => answer.heat[label.key] && !answer.heat[label.key].flat);
  return (found || others[0]).key;
}

/** `chosen`: what is compared with, where it was chosen before.
 * @type {(kind: Comparison["kind"], chosen?: Partial<Comparison>) => void} */
function enter(kind, chosen = {}) {
  if (!possible[kind]()) return;
  const heatBefore = state.view.compare ? state.view.compare.heatBefore : state.view.heat;
  closeMenu();
  if (state.view.compare) view.link(true);
  look.set({ compare: Object.freeze({ kind, heatBefore, ...chosen }), heat: kind !== "film" || state.view.heat });
  changed();
}

function leave() {
  if (!state.view.compare) return;
  view.link(true);
  const { kind, heatBefore } = state.view.compare;
  look.set({ compare: null, heat: kind === "film" ? state.view.heat : heatBefore });
  focusFrom(present(controls().link.closest(".pane-head"), "head of the pane"));
  // half a stage's zoom is no place on a whole one
  if (stage.sheets()[0].pane) view.fit(stage.sheets()[0]);
  changed();
}

/* ---- the menu */
const opener = () => inside(byId("toolbar"), "[data-action=compare]");

/** What goes leaves the keyboard where it came from.
 * @type {(node: HTMLElement) => void} */
function focusFrom(node) {
  if (node.contains(document.activeElement)) opener().focus({ preventScroll: true });
}

function closeMenu() {
  focusFrom(byId("compare-menu"));
  byId("compare-menu").hidden = true;
  opener().setAttribute("aria-expanded", "false");
}

/** The arrows belong to the menu while it is open, not to the list of films.
 * @type {(event: KeyboardEvent) => void} */
function arrow(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const step = event.key === "ArrowDown" ? 1 : -1;
  event.preventDefault();
  event.stopPropagation();
  const all = [...byId("compare-menu").querySelectorAll("button:enabled")];
  all[(all.findIndex((one) => one === document.activeElement) + step + all.length) % all.length].focus();
}

function toggle() {
  if (state.view.compare) return leave();
  const menu = byId("compare-menu");
  if (!menu.hidden) return closeMenu();
  grey.close();
  const kinds = KINDS.map(([kind, text]) =>
    element("button", {
      class: "tool", type: "button", text: t(text), "data-compare": kind, disabled: !possible[kind](),
      onclick: () => (kind === "film" ? choosePrior() : enter(kind)),
    }),
  );
  const found = priors.found(rowAtHand(), kept());
  menu.replaceChildren(...(found ? [priorButton(found)] : []), ...kinds);
  menu.hidden = false;
  opener().setAttribute("aria-expanded", "true");
  return inside(menu, "button:enabled").focus();
}

/* A film is beside another because its reader said so. */
const pair = (/** @type {Row} */ other) => ({ film: other.id, of: rowAtHand().id });

/** @param {{ item: Row, words: string, same: boolean }} prior */
function priorButton({ item, words, same }) {
  return element("button", { class: "tool prior", type: "button", "data-prior": item.id, onclick: () => enter("film", pair(item)) }, [
    element("span", { text: rowLabels.title(item) }),
    element("small", { text: patients.of(item).short || files.knownEnd(item) }),
    element("small", { class: same ? "" : "unsure", text: words }),
  ]);
}

/* In the place of the menu: the films of the list. */
function choosePrior() {
  const all = priors.ordered(rowAtHand(), kept());
  const title = element("p", { class: "hint", text: t("Which film stands beside {film}?", { film: rowLabels.title(rowAtHand()) }) });
  byId("compare-menu").replaceChildren(title, ...all.map(priorButton));
  inside(byId("compare-menu"), "button").focus();
}

/* ---- what stands over the panes */
/** @param {HTMLElement} head */
function build(head) {
  /** @type {(role: "what" | "label", name: string) => HTMLSelectElement} */
  const select = (role, name) => {
    const node = element("select", { class: "compare-select", "data-role": role, "aria-label": name });
    node.addEventListener("change", () => choose(role, node.value));
    return node;
  };
  const link = element("button", { class: "tool", type: "button", text: t("Linked"), title: t("Zoom, move and window both films together"), onclick: toggleLink });
  const end = element("button", { class: "tool", type: "button", text: t("Close"), onclick: leave });
  const [what, label] = [select("what", t("Beside it")), select("label", t("Finding"))];
  made = { what, label, link };
  head.append(element("div", { class: "pane-controls" }, [what, label, link, end]));
  // one thing at a time: asked before any of them closes
  const under = () => grey.open() || document.querySelector(ON_TOP) !== null;
  const close = () => (byId("compare-menu").hidden ? under() || leave() : closeMenu());
  document.addEventListener("cxr-close", close, { capture: true });
  byId("compare-menu").addEventListener("keydown", arrow);
  document.addEventListener("click", (event) => {
    // what was pressed may have given its place to the films to choose from
    const gone = event.target instanceof Node && !event.target.isConnected;
    if (!gone && !around(event, "#compare-menu, [data-action=compare]")) closeMenu();
  });
}

function toggleLink() {
  view.link(!view.linked());
}

/** @type {(role: "what" | "label", value: string) => void} */
function choose(role, value) {
  const { kind } = comparison();
  if (role === "label") look.compare({ otherLabel: value });
  else if (kind === "finding") look.compare({ label: value });
  else if (kind === "model") look.compare({ model: value, otherLabel: null });
  else look.compare({ film: value, of: rowAtHand().id });
  changed();
}

/** What can be chosen to stand beside a film, as [value, text], and what is chosen.
 * @type {(one: Pane, other: Pane) => [[string, string][], string]} */
function options(one, other) {
  const { kind, label, model } = comparison();
  if (kind === "finding") {
    return [modelLabels().filter((item) => item.key !== one.label).map((item) => [item.key, item.name]), label ?? ""];
  }
  if (kind === "model") return [models().map((option) => [option.value, option.text]), model ?? ""];
  if (kind === "film") {
    const all = priors.ordered(one.item, kept());
    return [all.map(({ item, words: said }) => [item.id, `${rowLabels.title(item)}: ${lower(said)}`]), other.item.id];
  }
  return [[], ""];
}

/** @type {(select: HTMLSelectElement, choices: [string, string][], chosen: string) => void} */
function fill(select, choices, chosen) {
  const known = JSON.stringify(choices);
  if (select.dataset.known !== known) {
    select.dataset.known = known;
    select.replaceChildren(...choices.map(([value, text]) => element("option", { value, text })));
  }
  select.hidden = choices.length === 0;
  select.value = chosen;
}

/** @param {Filled} sheet */
function caption({ caption: node, pane }) {
  const film = rowLabels.title(pane.item);
  const title = pane.prior ? t("{film}, prior", { film }) : film;
  const lines = [["pane-title", title], ...related(pane), ["pane-finding", otherModel.sentence(pane)], ["pane-model", pane.model]];
  const known = JSON.stringify(lines);
  if (node.dataset.known === known) return;
  node.dataset.known = known;
  node.replaceChildren(...lines.map(([name, text]) => element("div", { class: name, text })));
}

/** Whether the pair is known to be of one patient: said of the second film, for as long as they stand together.
 * @type {(pane: Pane) => string[][]} */
function related({ item }) {
  if (comparison().kind !== "film" || item.id === state.selected) return [];
  const { words, same } = priors.relation(rowAtHand(), item);
  return [[same ? "pane-related" : "pane-related unsure", words]];
}

function paint() {
  if (!made) return;
  const sheets = stage.sheets();
  const { compare } = state.view;
  for (const sheet of sheets) {
    sheet.head.hidden = !compare;
    sheet.node.classList.toggle("active", Boolean(compare) && !view.linked() && view.activeSheet() === sheet);
    if (compare && isFilled(sheet)) caption(sheet);
  }
  const [one, other] = sheets.map(({ pane }) => pane);
  if (!compare || !one || !other) return;
  fill(made.what, ...options(one, other));
  fill(made.label, ...otherModel.labels(other, one, compare));
  made.link.setAttribute("aria-pressed", String(view.linked()));
  made.link.hidden = false;
}

// what it says of the films, it says beside the one in view
listen("selected", () => byId("compare-menu").hidden || closeMenu());
// its films, or the one in view, may be the one that went
listen("film-gone", () => byId("compare-menu").hidden || closeMenu());
actions.add("compare", toggle);
onKey("b", "film", N_("compare side by side, and back"), () => actions.act("compare"));

export { build, panes, paint };
