/* What the server is told when films are taken away, and what the ZIP tells as it comes. */
import { state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { t } from "../0-core/10-words.js";
import { modelFacts, modelLabels } from "../0-core/12-model.js";
import { isKept, rowInView } from "../0-core/13-films.js";
import { threshold } from "../0-core/14-cuts.js";
import { answerKey, answerOf, hidden, readable } from "../0-core/15-answers.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { labelInView, rank } from "../0-core/22-ranked.js";
import * as rowLabels from "../3-list/33-row-labels.js";
import * as readFirst from "../4-reading/40-read-first.js";
import * as verdicts from "../4-reading/44-verdicts.js";
import * as marks from "../5-film/58-marks.js";

/** The export that ends so, as the arguments of a request; `body` is a JSON text.
 * @param {string} suffix
 * @param {string} body
 * @returns {[string, RequestInit]}
 */
const request = (suffix, body) => [
  `/exports.${suffix}?lang=${words.language()}`, { method: "POST", body, headers: { "Content-Type": "application/json" } },
];

/* The model, and at which cuts and prevalences it is read. */
function inForce() {
  return {
    model: modelFacts().id,
    thresholds: Object.fromEntries(modelLabels().map(({ key }) => [key, threshold(key)])),
    prevalences: Object.fromEntries(
      modelLabels().filter(({ key }) => prevalence.isOwn(key)).map(({ key }) => [key, prevalence.wanted(key)]),
    ),
  };
}

/** Films by the model in force, with the cuts, colours and readings of this screen; no name of a file. `maps`: how large
 * raw maps in a ZIP are, "grid" or "full". What a reader wrote on a row goes with the report that is asked for
 * (`labelled`), and with nothing else.
 * @param {readonly Row[]} films
 * @param {{ maps?: string, labelled?: boolean }} [options]
 */
function of(films, { maps = "grid", labelled = false } = {}) {
  const { view, splits } = state;
  const facts = modelFacts();
  const split = splits[facts.id];
  return {
    ...inForce(),
    split: split === undefined ? null : facts.held_out[split].split,
    colour_map: view.colourMap,
    opacity: view.opacity,
    seen: seen(),
    maps,
    agreement: readFirst.figures(),
    films: films.map((item) => (labelled ? { ...film(item), film_label: rowLabels.of(item) } : film(item))),
  };
}

/** All that a report text of a film in view hangs on: the film, its verdicts, and what is in force.
 * @param {Row} item
 */
function ofText(item) {
  return { ...inForce(), films: [{ number: item.number, film: item.film, judged: verdicts.exported(item) }] };
}

/* How the film stands on the screen: what is taken away looks the same. */
function seen() {
  const { window: grey, invert, contour } = state.view;
  const { curve, table } = grey;
  const shape = { ...(curve ? { window_curve: curve } : {}), ...(table ? { window_table: table } : {}) };
  return { window_width: grey.width, window_level: grey.level, ...shape, invert, contours: contour };
}

/** @param {Row} item */
function film(item) {
  const about = { number: item.number, read: Boolean(item.read), opinion: opinion(item) };
  const problem = missing(item);
  if (problem || !isKept(item)) return { ...about, problem, problem_code: code(item) };
  const key = answerKey(modelFacts().id, item.film);
  const inView = item === rowInView() ? labelInView() : null;
  return {
    ...about,
    film: item.film,
    label: state.chosenLabels.get(key) || inView,
    anyway: state.showRejected.has(key),
    judged: verdicts.exported(item),
    marks: marks.exported(item),
  };
}

/** Why a film has no figures to take away, though it is in the list.
 * @param {Row} item
 */
function missing(item) {
  if (item.status === "failed") return `${item.message} ${item.remedy || ""}`.trim();
  if (!item.film) return t("This film is not on the server.");
  return hidden(item) ? t("Waits for its reader: the model's answer is held back.") : "";
}

/** The same as a code: the server's own where it refused the file.
 * @param {Row} item
 */
function code(item) {
  if (item.status !== "failed") return item.film ? "held_back" : "case_not_found";
  if (item.problem === null) return item.code || "";
  return ["large", "refused"].includes(item.problem ?? "") ? "film_too_large" : "not_sent";
}

/** @param {Row} item */
function opinion(item) {
  const own = readFirst.opinion(item);
  /** @param {Reading} reading */
  const said = ({ normal, labels, at, unsure }) => ({ normal, labels, at, unsure });
  return own ? { ...said(own), seen_before: own.seenBefore, after: own.after ? said(own.after) : null } : null;
}

/** Tells the number of each film whose folder begins in the pieces of a ZIP: its entries start with PK 3 4 and
 * have their names 30 bytes on. Pieces end anywhere, so the last bytes of each are looked at again.
 * @param {(number: number) => void} found
 * @returns {(piece: Uint8Array) => void}
 */
function filmsIn(found) {
  const KEPT = 30 + 64;
  const text = new TextDecoder();
  let before = new Uint8Array(0);
  let last = "";
  return (piece) => {
    const bytes = new Uint8Array(before.length + piece.length);
    bytes.set(before);
    bytes.set(piece, before.length);
    for (let at = bytes.indexOf(80); at >= 0 && at + KEPT <= bytes.length; at = bytes.indexOf(80, at + 1)) {
      if (bytes[at + 1] !== 75 || bytes[at + 2] !== 3 || bytes[at + 3] !== 4) continue;
      const folder = /^film-(\d+)-/.exec(text.decode(bytes.subarray(at + 30, at + KEPT)));
      if (!folder || folder[1] === last) continue;
      last = folder[1];
      found(Number(last));
    }
    before = bytes.slice(Math.max(0, bytes.length - KEPT));
  };
}

// bytes a pixel of the film, for each finding that has pictures: overlay, heat and both side by side; and a raw map.
// Means of 14 films (docs/exports.md): 1.8 to 2.9, and 0.1 to 2.7
const PICTURES = 2.3;
const FULL_MAP = 1.5;
const REPORT = 220000;

/** About how many bytes a ZIP of these films will have, by their pixels and by how many findings have pictures.
 * @param {readonly Row[]} films
 * @param {string} maps
 */
function bytesOfZip(films, maps) {
  const each = PICTURES + (maps === "full" ? FULL_MAP : 0);
  return films.reduce((sum, item) => {
    const answer = answerOf(item);
    if (!isKept(item) || !answer || answer.error) return sum;
    if (!readable(item, answer)) return sum + REPORT;
    const above = rank(answer).filter((one) => one.above).length;
    return sum + REPORT + Math.max(1, above) * each * item.width * item.height;
  }, 0);
}

export { request, of, ofText, seen, filmsIn, bytesOfZip };
