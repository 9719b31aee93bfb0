/* Under the toolbar: what a film's file says of it, and, where the server shows it, who the patient is.
 *
 * That is no answer of a model: it need not wait for the reader's own reading. */
import { byId, element, ifThere, painters } from "../0-core/00-core.js";
import { t } from "../0-core/10-words.js";
import { heard } from "../0-core/15-answers.js";
import * as patients from "../3-list/33-patients.js";
import * as compare from "./59-compare.js";

let shown = "";

/** @param {Kept} item */
function partsOf(item) {
  const answer = heard(item);
  const file = (answer && !answer.error && answer.file) || { line: "", mirrored: false };
  return { patient: patients.of(item).line, line: file.line, mirrored: file.mirrored ? t("may be mirrored") : "" };
}

/* One entry a film on the screen: with a prior beside it, two, each over its own. */
function entries() {
  const films = [...new Set(compare.panes().map((pane) => pane.item))];
  return films.map((item) => ({ id: item.id, ...partsOf(item) }));
}

/** @param {ReturnType<typeof entries>[number]} entry */
function entryNode({ patient: who, line, mirrored }) {
  /** @type {(name: string, text: string) => HTMLSpanElement} */
  const part = (name, text) => element("span", { class: name, text });
  const nodes = /** @type {HTMLSpanElement[]} */ ([]);
  if (who) nodes.push(part("film-patient", who));
  if (line) nodes.push(part("film-facts", line));
  if (mirrored) nodes.push(part("film-mirrored", mirrored));
  return element("div", { class: "film-entry", title: nodes.map((node) => node.textContent).join(" · ") }, nodes);
}

function paint() {
  const node = ifThere("film-says");
  if (!node) return;
  const found = entries();
  const any = found.some(({ patient: who, line, mirrored }) => who || line || mirrored);
  const wanted = any ? JSON.stringify(found) : "";
  if (wanted === shown) return;
  shown = wanted;
  node.hidden = !any;
  byId("viewer").classList.toggle("says", any);
  node.replaceChildren(...(any ? found.map(entryNode) : []));
}

painters.push(paint);
