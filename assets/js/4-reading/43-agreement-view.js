/* The line at the worklist's foot, and what it opens: how far the reader and the model agree on this list. */
import { byId, element, ifThere, painters, setText } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { decimal, interval, percent, plural, t } from "../0-core/10-words.js";
import { select } from "../0-core/13-films.js";
import * as readFirst from "./40-read-first.js";

const ROUGH_BELOW = 30; // films; the large-sample formula is no more than a hint below
let open = false;

/** @typedef {ReturnType<typeof readFirst.summary>} Summary */

/** Two decimals, with a true minus and no negative zero.
 * @param {number} value
 */
const two = (value) => decimal(Math.round(100 * value) / 100 || 0, 2).replace("-", "−");

/** @param {Kappa} kappa */
function kappaInWords({ value, interval: bounds, why }) {
  if (why === "few") return t("Kappa not estimable: at least two films are needed");
  if (why === "constant" || value === null) return t("Kappa not estimable: one of you gave the same answer on every film");
  if (!bounds) return t("Kappa {value}, interval not estimable", { value: two(value) });
  const [low, high] = bounds.map(two);
  return t("Kappa {value} (95 % interval {low} to {high})", { value: two(value), low, high });
}

/** @param {Agreement} agreement */
function agreed({ films, agreed: n, share, interval: bounds }) {
  return plural("Alike on {agreed} of {films} film: {share} (95 % interval {interval})", "Alike on {agreed} of {films} films: {share} (95 % interval {interval})", films, {
    agreed: n, films, share: percent(share ?? NaN), interval: interval(bounds),
  });
}

/** @type {(text: string, name?: string | null) => HTMLParagraphElement} */
const line = (text, name = null) => element("p", { class: name, text });

/** @type {(figures: Agreement) => HTMLElement[]} */
function overall(figures) {
  if (!figures.films) return [line(t("No film has been read first yet."), "own-note")];
  return [
    element("h3", { text: t("Film by film: normal or not") }),
    line(agreed(figures)),
    line(kappaInWords(figures.kappa)),
    line(
      t("Films with a finding: to both {both}, to neither {neither}, only to you {reader}, only to the model {model}.", {
        both: figures.bothYes, neither: figures.bothNo, reader: figures.firstOnly, model: figures.secondOnly,
      }),
    ),
    ...(figures.films < ROUGH_BELOW
      ? [line(plural("Only {n} film: too few to judge either of you.", "Only {n} films: the figures are rough, and too few to judge either of you.", figures.films), "agreement-few")]
      : []),
  ];
}

/** First of all what was named: a film can be "not normal" to both for two different things.
 * @param {Summary["named"]} named
 */
function inFindings({ both, reader, model }) {
  const n = both + reader + model;
  if (!n) return t("Neither of you named a finding.");
  return plural(
    "Of {n} finding that one of you named: {both} by both, {reader} only by you, {model} only by the model.",
    "Of {n} findings that one of you named: {both} by both, {reader} only by you, {model} only by the model.", n, { both, reader, model },
  );
}

/** @type {(list: Summary["findings"]) => HTMLElement[]} */
function findings(list) {
  if (!list.length) return [];
  const rows = list.map((one) =>
    element("tr", {}, [
      element("th", { scope: "row", text: one.name }),
      element("td", { text: t("{agreed} of {films}", { agreed: one.agreed, films: one.films }) }),
      element("td", { text: kappaInWords(one.kappa) }),
    ]),
  );
  return [element("h3", { text: t("Finding by finding") }), element("table", {}, [element("tbody", {}, rows)])];
}

/** @param {Summary} found */
function differing({ differing: list, changed }) {
  if (!list.length) return [];
  /** @param {string} reader */
  const films = (reader) =>
    list.filter((one) => one.reader === reader).map((one) => {
      const name = words.film(one);
      const text = one.changed ? t("{film} (changed)", { film: name }) : name;
      return element("li", {}, [element("button", { class: "link", type: "button", text, onclick: () => select(one.row) })]);
    });
  /** @type {(reader: string, text: string) => HTMLElement[]} */
  const group = (reader, text) => {
    const items = films(reader);
    return items.length ? [line(text, "agreement-group"), element("ul", { class: "agreement-films" }, items)] : [];
  };
  const minds = plural(
    "Of the {n} film where you differed, you changed your mind on {changed}.",
    "Of the {n} films where you differed, you changed your mind on {changed}.",
    list.length, { changed },
  );
  return [
    element("h3", { text: t("Where you differed") }),
    ...group("normal", t("Nothing to you, a finding to the model:")),
    ...group("abnormal", t("A finding to you, nothing to the model:")),
    line(minds),
  ];
}

/** @param {Summary} found */
function leftOut({ seenBefore, withoutAnswer, unsure }) {
  const parts = /** @type {string[]} */ ([]);
  if (unsure) parts.push(plural("You were not sure of {n} film; it is counted.", "You were not sure of {n} films; they are counted.", unsure));
  if (seenBefore) {
    parts.push(plural(
      "{n} film is left out: the model's answer had been on the screen before you read it.",
      "{n} films are left out: the model's answer had been on the screen before you read them.", seenBefore,
    ));
  }
  if (withoutAnswer) {
    parts.push(plural("{n} film is left out: the model has no answer.", "{n} films are left out: the model has no answer.", withoutAnswer));
  }
  return parts.map((text) => line(text, "own-note"));
}

/** @type {(box: HTMLElement, found: Summary) => void} */
function fill(box, found) {
  box.replaceChildren(
    element("header", {}, [
      element("h2", { text: t("You and the model: findings") }),
      element("button", { class: "quiet-close", type: "button", "aria-label": t("Close"), text: "×", onclick: () => show(false) }),
    ]),
    ...(found.overall.films ? [line(inFindings(found.named), "agreement-main")] : []),
    ...findings(found.findings),
    ...overall(found.overall),
    ...differing(found),
    ...leftOut(found),
    line(t("The model names what is above its threshold now in force. Kappa is agreement beyond chance: 0 is what chance gives, 1 is complete. It says how alike you are, not who is right."), "own-note"),
  );
}

/** @param {Summary} found */
function inShort(found) {
  if (!found.overall.films) return t("{read} of {films} read first", { read: found.read, films: found.films });
  const { both, reader, model } = found.named;
  const values = { read: found.read, films: found.films, both, named: both + reader + model };
  if (!values.named) return t("{read} of {films} read first · no finding named", values);
  return t("{read} of {films} read first · {both} of {named} findings by both", values);
}

/** @param {boolean} wanted */
function show(wanted) {
  if (open === wanted) return;
  open = wanted;
  paint();
  (open ? byId("agreement") : byId("agreement-open")).focus();
}

function paint() {
  const [button, box] = [ifThere("agreement-open"), ifThere("agreement")];
  if (!button || !box) return;
  if (!button.dataset.ready) {
    button.dataset.ready = "yes";
    button.addEventListener("click", () => show(!open));
  }
  const found = readFirst.summary();
  button.hidden = !(found.read || (readFirst.isOn() && found.films));
  if (button.hidden) open = false;
  setText(button, button.hidden ? "" : inShort(found));
  button.classList.toggle("complete", found.read > 0 && found.waiting === 0);
  button.setAttribute("aria-expanded", String(open));
  box.hidden = !open;
  const mark = open ? JSON.stringify(found) : "";
  if (box.dataset.mark === mark) return;
  box.dataset.mark = mark;
  if (open) fill(box, found);
  else box.replaceChildren();
}

painters.push(paint);
document.addEventListener("cxr-close", () => show(false));
