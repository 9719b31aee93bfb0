/* One case of the library, larger: its film, and beside it the film under its heat. */
import { element, listen, present, setText, state } from "../0-core/00-core.js";
import { lower, percent, t } from "../0-core/10-words.js";
import { nameOf } from "../0-core/12-model.js";
import { rowAtHand, rowInView } from "../0-core/13-films.js";
import { threshold } from "../0-core/14-cuts.js";
import { answerOf } from "../0-core/15-answers.js";
import * as requests from "../0-core/16-requests.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { labelAtHand } from "../0-core/22-ranked.js";
import * as pictures from "../5-film/50-pictures.js";
import * as heat from "../5-film/54-heat.js";
import * as caseWords from "./65-case-words.js";

const TALLEST = 62; // of the screen's height, in per cent
/** @typedef {{ answer: SimilarCases, model: string, index: number, film: Row["film"] }} Shown `film`: in view when it was opened */
let made = /** @type {ReturnType<typeof build> | null} */ (null);
const nodes = () => present(made, "window of a case");
let shown = /** @type {Shown | null} */ (null);

function build() {
  const title = element("h2", { class: "case-title", id: "case-title" });
  /** @type {(text: string, name: string, by: number) => HTMLButtonElement} */
  const step = (text, name, by) =>
    element("button", { class: "case-button", type: "button", text, "aria-label": name, title: name, onclick: () => move(by) });
  const close = element("button", {
    class: "case-button", type: "button", text: "×", "aria-label": t("Close"), title: t("Close (Esc)"), onclick: () => hide(),
  });
  const plain = figure();
  const heated = figure();
  const canvas = element("canvas", { class: "case-heat", role: "img", hidden: true });
  heated.frame.append(canvas);
  const facts = element("dl", { class: "case-facts" });
  const caveat = element("p", { class: "similar-caveat", text: caseWords.caveat() });
  const dialog = element("dialog", { class: "case-window", "aria-labelledby": "case-title" }, [
    element("div", { class: "case-head" }, [title, step("‹", t("More alike"), -1), step("›", t("Less alike"), 1), close]),
    element("div", { class: "case-films" }, [plain.node, heated.node]),
    facts,
    caveat,
  ]);
  dialog.addEventListener("click", (event) => event.target === dialog && hide());
  dialog.addEventListener("keydown", pressed);
  document.body.append(dialog);
  return { dialog, title, plain, heated, canvas, facts, close };
}

function figure() {
  const picture = element("img", { class: "case-film" });
  const frame = element("div", { class: "case-frame" }, [picture]);
  const caption = element("figcaption");
  return { node: element("figure", {}, [frame, caption]), frame, picture, caption };
}

/** The keys of the page behind it rest while it is open.
 * @param {KeyboardEvent} event
 */
function pressed(event) {
  if (event.key === "Escape") return;
  event.stopPropagation();
  if (event.key === "ArrowLeft") move(-1);
  if (event.key === "ArrowRight") move(1);
}

/** @param {number} by */
function move(by) {
  if (!shown) return;
  const index = shown.index + by;
  if (index >= 0 && index < shown.answer.cases.length) show(shown.answer, shown.model, index);
}

function hide() {
  if (made && made.dialog.open) made.dialog.close();
}

/**
 * @param {SimilarCases} answer
 * @param {string} model
 * @param {number} index
 */
function show(answer, model, index) {
  made ??= build();
  const mine = { answer, model, index, film: rowAtHand().film };
  shown = mine;
  const one = answer.cases[index];
  const label = labelAtHand();
  setText(made.title, t("Case {number}: {likeness}", { number: one.number, likeness: caseWords.likeness(one) }));
  const address = caseWords.picturePath(answer, model, one);
  for (const { frame, picture } of [made.plain, made.heated]) {
    frame.style.aspectRatio = `${one.width} / ${one.height}`;
    frame.style.maxWidth = `${(TALLEST * one.width) / one.height}vh`;
    picture.src = address;
  }
  made.plain.picture.alt = t("Case {number} of the library", { number: one.number });
  made.heated.picture.alt = "";
  setText(made.plain.caption, t("The film"));
  paintFacts(one, label);
  drawHeat(mine, one, label);
  if (made.dialog.open) return;
  made.dialog.showModal();
  made.close.focus();
}

/** @type {(one: LibraryCase, label: string) => void} */
function paintFacts(one, label) {
  const probability = one.probabilities[label];
  const [share, cut] = [probability, threshold(label)].map((own) => percent(prevalence.cut(label, own)));
  const values = { name: nameOf(label), share, cut };
  const said =
    probability >= threshold(label)
      ? t("{name} {share}, above the threshold of {cut}", values)
      : t("{name} {share}, below the threshold of {cut}", values);
  const lines = [[t("Labelled by this site"), caseWords.namesOf(one, label)], [t("The model says"), said]];
  if (one.note) lines.push([t("Note"), one.note]);
  nodes().facts.replaceChildren(
    ...lines.map(([term, text]) => element("div", {}, [element("dt", { text: term }), element("dd", { text })])),
  );
}

/** @type {(mine: Shown, one: LibraryCase, label: string) => Promise<void>} */
async function drawHeat(mine, one, label) {
  const { canvas, heated } = nodes();
  const name = lower(nameOf(label));
  canvas.hidden = true;
  delete canvas.dataset.drawn;
  if (one.flat[label]) {
    setText(heated.caption, t("No localised evidence for {name}: the map is flat, so nothing is drawn.", { name }));
    return;
  }
  const own = answerOf(rowInView());
  const scale = own && !own.error && own.heat && own.heat[label] ? own.heat[label].scale : null;
  const map = { peak: one.peaks[label], scale };
  const caption = scale ? t("Evidence for {name}, on its fixed scale", { name }) : t("Evidence for {name}, up to this map's own peak", { name });
  setText(heated.caption, caption);
  try {
    const path = `/library/${mine.model}/${one.number}/${label}/heat-layer.png?build=${mine.answer.build}`;
    const reply = await requests.ask(path);
    if (!reply.ok) throw new Error(String(reply.status));
    const layer = await pictures.readGrey(await reply.blob());
    if (shown !== mine) return;
    heat.colour(layer, canvas, map, heat.colourMapInForce(), state.view.opacity);
    for (const [side, share] of Object.entries(one.crop)) canvas.style.setProperty(side, `${100 * share}%`);
    canvas.setAttribute("aria-label", t("Where in this case the evidence for {name} lies", { name }));
    canvas.dataset.drawn = `${one.number}/${label}`;
    canvas.hidden = false;
  } catch {
    mine.answer.stale = true;
    if (shown === mine) setText(heated.caption, t("The heatmap could not be fetched. Close this and look again."));
  }
}

document.addEventListener("cxr-close", hide);
// the cases are those of a film: they go with it
listen("film-gone", (film) => shown && shown.film === film && hide());

export { show };
