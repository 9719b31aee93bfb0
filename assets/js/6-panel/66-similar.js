/* Similar cases: the nearest films of the site's own library. Nothing is fetched until the section is opened. */
import { around, byId, changed, element, ifThere, inside, listen, onKey, painters, present, setText, state } from "../0-core/00-core.js";
import { lower, N_, percent, plural, t } from "../0-core/10-words.js";
import { nameOf } from "../0-core/12-model.js";
import { isKept, rowInView } from "../0-core/13-films.js";
import { answerKey, answerOf, figuresShown } from "../0-core/15-answers.js";
import * as requests from "../0-core/16-requests.js";
import { labelAtHand } from "../0-core/22-ranked.js";
import * as analysis from "../3-list/30-analysis.js";
import * as problems from "../3-list/31-problems.js";
import { caveat, isSummary, labelled, likeness, namesOf, picturePath } from "./65-case-words.js";
import * as caseWindow from "./66-case-window.js";

const MOST = 40; // films whose cases are remembered
/** @typedef {Omit<Problem, "code"> & { code?: string }} Refusal */
/** @typedef {{ answer?: SimilarCases, error?: Refusal }} Looked neither while it is under way */
const asked = /** @type {Map<string, Looked>} */ (new Map()); // by "model/film"
let open = false;
let reveal = false; // opened by its key: bring it into view once it is filled

/** @type {(id: string, film: string, model: string) => Promise<void>} */
async function ask(id, film, model) {
  const entry = /** @type {Looked} */ ({});
  asked.set(id, entry);
  for (const old of [...asked.keys()].slice(0, Math.max(0, asked.size - MOST))) asked.delete(old);
  try {
    const reply = await requests.ask(`/films/${film}/${model}/similar`);
    if (reply.ok) entry.answer = await reply.json();
    else entry.error = await analysis.refusal(reply, film);
  } catch {
    entry.error = { message: t("The server does not answer."), remedy: "" };
  }
  changed();
}

/** @param {string} id */
function again(id) {
  asked.delete(id);
  changed();
}

/** How many of the nearest have the finding, and what that is to be held against.
 * @type {(answer: SimilarCases, label: string) => string} */
function summary({ cases: nearest, counts, size }, label) {
  const name = lower(nameOf(label));
  const having = nearest.filter((one) => labelled(one, label)).length;
  if (isSummary(label)) {
    return plural(
      "{n} of the {total} nearest is labelled with a finding of this model.",
      "{n} of the {total} nearest are labelled with a finding of this model.",
      having,
      { total: nearest.length },
    );
  }
  const count = counts[label] || 0;
  if (!count) return t("No case of this library is labelled {name}.", { name });
  return plural(
    "{n} of the {total} nearest is labelled {name}; of all {size} cases, {share} are.",
    "{n} of the {total} nearest are labelled {name}; of all {size} cases, {share} are.",
    having,
    { total: nearest.length, name, size, share: percent(count / size) },
  );
}

/** @param {SimilarCases} answer */
function remarks({ cases: nearest, itself }) {
  const said = /** @type {string[]} */ ([]);
  if (nearest.length && nearest.every((one) => one.likeness === "loosely")) {
    said.push(t("Nothing in this library is much like this film."));
  }
  if (nearest.some((one) => !one.likeness)) said.push(t("The library is too small to say how alike that is."));
  if (itself) said.push(t("This film itself is in the library; it is left out here."));
  return said.map((text) => element("p", { class: "similar-remark", text }));
}

/** @type {(answer: SimilarCases, model: string, index: number) => HTMLElement} */
function tile(answer, model, index) {
  const one = answer.cases[index];
  const picture = element("img", { src: picturePath(answer, model, one), alt: "", loading: "lazy" });
  const button = element(
    "button",
    {
      class: "case", type: "button", "data-case": one.number, "aria-haspopup": "dialog",
      onclick: () => caseWindow.show(answer, model, index),
    },
    [picture, element("span", { class: "case-labels" }), element("span", { class: "case-likeness", text: likeness(one) })],
  );
  picture.addEventListener("error", () => {
    button.classList.add("without-picture");
    answer.stale = true;
  });
  return element("li", {}, [button]);
}

/** @type {(answer: SimilarCases, model: string) => HTMLElement[]} */
function cases(answer, model) {
  if (!answer.cases.length) return [element("p", { text: t("The library has no other case for this model.") })];
  return [
    element("p", { class: "similar-summary" }),
    element("p", { class: "similar-caveat", text: caveat() }),
    ...remarks(answer),
    element("ol", { class: "cases", "aria-label": t("Similar cases, most alike first") }, answer.cases.map((_, index) => tile(answer, model, index))),
  ];
}

/** @type {(error: Refusal, id?: string) => HTMLElement[]} */
function problem({ code, message, remedy }, id) {
  /** @type {HTMLElement[]} */
  const lines = [element("p", { class: "similar-problem", text: message })];
  if (remedy) lines.push(element("p", { class: "similar-remark", text: remedy }));
  if (id && !problems.isFinal(code ?? "")) lines.push(element("button", { class: "link", type: "button", text: t("Try again"), onclick: () => again(id) }));
  return lines;
}

/** @type {(entry: Looked | undefined, id: string, model: string) => HTMLElement[]} */
function contents(entry, id, model) {
  if (!entry) return [];
  if (entry.error) return problem(entry.error, id);
  if (!entry.answer) return [element("p", { class: "similar-remark", text: t("Looking through the library…") })];
  return entry.answer.problem ? problem(entry.answer.problem) : cases(entry.answer, model);
}

/** What follows the chosen finding; the pictures stay, so that nothing flickers.
 * @type {(body: HTMLElement, answer: SimilarCases, label: string) => void} */
function paintLabel(body, answer, label) {
  setText(body.querySelector(".similar-summary"), summary(answer, label));
  answer.cases.forEach((one) => {
    const node = inside(body, `[data-case="${one.number}"]`);
    node.classList.toggle("labelled", labelled(one, label));
    setText(node.querySelector(".case-labels"), namesOf(one, label));
    node.title = namesOf(one, label);
  });
}

function paint() {
  const toggle = ifThere("similar-toggle");
  if (!toggle || !state.facts) return;
  const body = byId("similar-body");
  toggle.setAttribute("aria-expanded", String(open));
  body.hidden = !open;
  if (!open) return;
  const item = rowInView();
  const answer = answerOf(item);
  const { film, model } = isKept(item) && figuresShown(item, answer) ? { film: item.film, model: answer.model } : { film: "", model: "" };
  const id = film && answerKey(model, film);
  if (id && !asked.has(id)) ask(id, film, model);
  const entry = asked.get(id);
  const mark = [id, entry && Object.keys(entry).join()].join("|");
  if (body.dataset.mark !== mark) {
    body.dataset.mark = mark;
    body.replaceChildren(...contents(entry, id, model));
    if (body.contains(document.activeElement)) toggle.focus();
  }
  if (entry?.answer && body.querySelector(".cases")) paintLabel(body, entry.answer, labelAtHand());
  if (reveal && entry && (entry.answer || entry.error)) {
    reveal = false;
    present(toggle.closest("section"), "section of similar cases").scrollIntoView({ block: "nearest" });
  }
}

/** @param {boolean} byKey */
function toggleSection(byKey) {
  const toggle = ifThere("similar-toggle");
  if (!toggle || !figuresShown(rowInView(), answerOf(rowInView()))) return;
  open = !open;
  // a picture was refused, most likely because the library was built anew: opened again, the section asks again
  for (const [id, entry] of asked) if (entry.answer && entry.answer.stale) asked.delete(id);
  reveal = open && byKey;
  if (byKey) toggle.focus({ preventScroll: true });
  changed();
}

document.addEventListener("click", (event) => {
  if (around(event, "#similar-toggle")) toggleSection(false);
});
onKey("s", "findings", N_("similar cases from this site's library"), () => toggleSection(true));
painters.push(paint);
listen("removed", () => {
  if (!rowInView()) open = false;
});
