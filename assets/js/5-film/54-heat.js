/* The heat over a film: coloured in the browser from the map's grey levels, with the table the downloads use. */
import { byId, changed, pageSettings, pen, present, setText, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { t } from "../0-core/10-words.js";
import { modelFacts } from "../0-core/12-model.js";
import * as prevalence from "../0-core/21-prevalence.js";
import * as look from "./50-look.js";
import * as pictures from "./50-pictures.js";
import * as contours from "./52-contours.js";
import * as filmSheet from "./53-film-sheet.js";
import * as stage from "./53-stage.js";
import * as trust from "./53-trust.js";

const LEVELS = [0.25, 0.5, 0.75]; // of the map's peak
const tables = /** @type {Record<string, Uint8Array>} */ ({}); // by name of the colour map: 256 RGB triples

/** @param {Record<string, string>} encoded */
function readTables(encoded) {
  for (const [name, text] of Object.entries(encoded)) {
    tables[name] = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }
  look.set({ colourMap: Object.keys(tables)[0] });
}

/** The colour map in force.
 * @returns {string}
 * @throws {Error} before the tables have come
 */
const colourMapInForce = () => present(state.view.colourMap, "colour map");

/** The rule of cxr_dash/imaging/overlay.py: full opacity from half the peak on, cold regions stay as they are.
 * @type {(share: number, opacity: number) => number} */
const alphaOf = (share, opacity) => Math.round(255 * opacity * Math.min(1, share / pageSettings().rules.full_alpha_heat));

/** The rule of cxr_dash/domain/heat.py: a share of a map's own peak as a share of its finding's fixed scale. Without a
 * scale every map is drawn up to its own peak.
 * @param {number} share
 * @param {Pick<Heat, "peak" | "scale">} map
 * @returns {number}
 */
function onScale(share, { peak, scale }) {
  if (!scale) return share;
  const { moderate_from: some, strong_from: much } = pageSettings().heat_scale;
  const value = share * peak;
  /** @type {(low: number, high: number, from: number, to: number) => number} */
  const between = (low, high, from, to) => from + ((to - from) * (value - low)) / (high - low || 1);
  if (value < scale.moderate) return between(0, scale.moderate, 0, some);
  if (value < scale.strong) return between(scale.moderate, scale.strong, some, much);
  return Math.min(1, between(scale.strong, scale.full, much, 1));
}

/** @type {(share: number, name: string) => string} */
const colourAt = (share, name) => {
  const level = Math.round(255 * share);
  return `rgb(${[...tables[name].subarray(3 * level, 3 * level + 3)].join(" ")})`;
};

/** The dark end of a map is lost on a dark film: the lines take its brighter part, in the same order.
 * @param {number} share
 * @param {string} [name]
 * @returns {string}
 */
const lineColour = (share, name = colourMapInForce()) => colourAt(0.5 + share / 2, name);

/** `map`: {peak, scale} of the heat, by which its levels are told strong or weak.
 * @param {HeatLayer} layer
 * @param {HTMLCanvasElement} canvas
 * @param {Pick<Heat, "peak" | "scale">} map
 * @param {string} name
 * @param {number} opacity
 */
function colour(layer, canvas, map, name, opacity) {
  const shades = Array.from({ length: 256 }, (_, level) => {
    const share = onScale(level / 255, map);
    const place = 3 * Math.round(255 * share);
    return [...tables[name].subarray(place, place + 3), alphaOf(share, opacity)];
  });
  const image = new ImageData(layer.width, layer.height);
  for (let index = 0; index < layer.grey.length; index += 1) image.data.set(shades[layer.grey[index]], 4 * index);
  [canvas.width, canvas.height] = [layer.width, layer.height];
  pen(canvas).putImageData(image, 0, 0);
}

/** Each line twice: a dark one under a coloured one, so that it is seen on lung and on bone.
 * @type {(sheet: Sheet, layer: HeatLayer, map: Heat, name: string) => void} */
function outline(sheet, layer, map, name) {
  const strokes = LEVELS.flatMap((share, index) => {
    const d = contours.path(contours.lines(layer, 255 * share));
    const shape = { d, class: `line line-${index}`, "vector-effect": "non-scaling-stroke" };
    const lit = filmSheet.drawing("path", shape);
    lit.style.stroke = lineColour(onScale(share, map), name);
    return [filmSheet.drawing("path", { ...shape, class: "line under" }), lit];
  });
  sheet.group.replaceChildren(...strokes);
}

/** @type {(sheet: Filled, answer: Answer, label: string) => Promise<void>} */
async function draw(sheet, answer, label) {
  const { item } = sheet.pane;
  const { opacity, contour } = state.view;
  const colourMap = colourMapInForce();
  const job = [item.film, answer.model, label, colourMap, contour ? "lines" : opacity].join("|");
  if (sheet.job === job || sheet.failed === job) return;
  [sheet.job, sheet.failed] = [job, ""];
  // never another finding's heat under this one's name, however slow the network
  hide(sheet);
  sheet.job = job;
  sheet.node.classList.add("warming");
  try {
    const layer = await pictures.layer(item.film, answer.model, label);
    if (sheet.job !== job) return;
    const map = answer.heat[label];
    if (contour) outline(sheet, layer, map, colourMap);
    else colour(layer, sheet.canvas, map, colourMap, opacity);
    lay(sheet, answer, layer);
    sheet.node.classList.remove("warming");
    sheet.canvas.dataset.drawn = job;
    sheet.canvas.hidden = contour;
    sheet.lines.style.display = contour ? "block" : "none";
    stage.moved();
  } catch {
    if (sheet.job !== job) return;
    [sheet.job, sheet.failed] = ["", job];
    sheet.node.classList.remove("warming");
    changed();
  }
}

/** The map covers the part of the film that the model was shown.
 * @type {(sheet: Sheet, answer: Answer, layer: HeatLayer) => void} */
function lay(sheet, { crop }, layer) {
  const { style } = sheet.canvas;
  const place = { left: crop.x, top: crop.y, width: crop.width, height: crop.height };
  for (const [side, length] of Object.entries(place)) style.setProperty(side, `${length}px`);
  sheet.crop = { x: crop.x, y: crop.y, across: crop.width / layer.width, down: crop.height / layer.height };
}

/** @param {Sheet} sheet */
function hide(sheet) {
  sheet.canvas.hidden = true;
  sheet.lines.style.display = "none";
  sheet.node.classList.remove("warming");
  sheet.job = "";
}

/** The map of the finding that a pane shows; null where there is none.
 * @param {Pick<Pane, "answer" | "label">} pane
 * @returns {Heat | null}
 */
const mapOf = ({ answer, label }) => (answer && label !== null && answer.heat && answer.heat[label]) || null;

/** Whether a pane's heat is drawn, and if not, why.
 * @type {(pane: Pane, ready?: boolean) => "none" | "flat" | "below" | "waits" | "drawn"} */
function status(pane, ready = true) {
  const { answer, label, cut } = pane;
  const map = pane.heat && ready && mapOf(pane);
  if (!map || !answer || label === null) return "none";
  if (map.flat) return "flat";
  if (state.view.onlyAbove && answer.probabilities[label] < cut) return "below";
  return trust.waits(answer) ? "waits" : "drawn";
}

/** @param {Filled} sheet */
function paintSheet(sheet) {
  const { pane } = sheet;
  const { answer, label } = pane;
  const now = status(pane, sheet.shown === pane.item.film);
  if (now === "none") sheet.failed = "";
  if (now !== "drawn" || !answer || label === null) {
    hide(sheet);
    sheet.node.classList.toggle("warming", now === "waits");
    return null;
  }
  sheet.canvas.setAttribute(
    "aria-label", t("Heatmap: where in the film the evidence for {finding} lies", { finding: words.lower(pane.name) }),
  );
  return draw(sheet, answer, label);
}

/** Why there is no heat in a pane that asks for it, as a sentence.
 * @param {Filled} sheet
 */
function reason(sheet) {
  const { pane } = sheet;
  const { answer, label } = pane;
  const finding = words.lower(pane.name);
  const now = status(pane);
  if (now === "flat") return t("No localised evidence for {finding}: the map is flat, so nothing is drawn.", { finding });
  if (now === "below" && answer && label !== null) {
    // another model's is stated as that model states it
    const shown = answer.model === modelFacts().id
      ? prevalence.shown(answer, label)
      : { probability: answer.probabilities[label], cut: pane.cut };
    return t("No heat: {finding} at {probability} is below its own threshold of {cut}, and only findings above theirs are shown.", {
      finding, probability: words.percent(shown.probability), cut: words.percent(shown.cut),
    });
  }
  if (now === "waits") return t("Checking how far this heat may be relied on…");
  if (sheet.failed) return t("The heatmap could not be fetched. Switch it off and on to try again.");
  return "";
}

/** @param {Filled[]} sheets */
function note(sheets) {
  const why = sheets.map(reason).filter(Boolean);
  if (why.length) return [...new Set(why)].join(" ");
  const meaning = state.view.contour
    ? t("Inside the lines: what raised this score most; they are not the outline of a lesion.")
    : t("Bright: what raised this score most; it is not the outline of a lesion.");
  const { answer, label } = sheets[0].pane;
  const { compare } = state.view;
  if (!answer || label === null || (compare && compare.kind !== "heat")) return meaning;
  // heat that is not to be relied on names no place for that reason alone; and the figures say why one that is measured does not
  const figures = known(answer, label);
  const placeless = trust.doubted(answer, label) || figures ? "" : answer.heat[label].no_place;
  const unchecked = answer.trust_failed ? t("How far this heat may be relied on could not be checked.") : "";
  return [answer.trust[label] || unchecked, figures, placeless, meaning].filter(Boolean).join(" ");
}

/** How often the highest point of such maps is right for this finding, and how often a template's is.
 * @type {(answer: Answer, label: string) => string} */
function known({ model }, label) {
  const { id, places } = modelFacts();
  if (model !== id || !places[label]) return "";
  const { films, map, template } = places[label];
  return t("Peak in the lesion on {map} of {films} test films; that of a fixed template on {template}.", { map, films, template });
}

/** After the panes are set, by the viewer: returns the sheets on which heat is drawn, for the legend.
 * @returns {Filled[]}
 */
function paint() {
  const sheets = stage.sheets().filter(filmSheet.isFilled);
  for (const sheet of sheets) {
    paintSheet(sheet);
    if (sheet.pane.answer) trust.ask(sheet.pane.item, sheet.pane.answer);
  }
  const shown = sheets.filter(({ pane, shown: film }) => status(pane, film === pane.item.film) !== "none");
  byId("heat-note").hidden = shown.length === 0;
  if (shown.length) setText(byId("heat-note"), note(shown));
  return shown.filter(({ pane }) => status(pane) === "drawn");
}

export { paint, mapOf, colourMapInForce, readTables, colour, onScale, tables, lineColour, LEVELS as levels };
