/* What the heat's colours or lines mean, and how strongly, in which colours and for which findings it is drawn. */
import { byId, changed, element, inside, pageSettings, pen, present, setText, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { t } from "../0-core/10-words.js";
import * as look from "./50-look.js";
import * as heat from "./54-heat.js";
import * as actions from "./56-actions.js";

let made = /** @type {ReturnType<typeof build> | null} */ (null);

/** @param {HTMLElement} node */
function build(node) {
  const bar = element("canvas", { class: "legend-bar", width: "256", height: "1", "aria-hidden": "true" });
  const title = element("div", { class: "legend-title" });
  const peak = element("span");
  const ends = element("div", { class: "legend-ends" }, [element("span", { text: t("none") }), peak]);
  const mark = element("span", { class: "legend-mark", "aria-hidden": "true" });
  const ticks = ["some", "much"].map((at) => element("span", { class: `legend-tick ${at}` }));
  const scale = element("div", { class: "legend-scale", hidden: true, "aria-hidden": "true" }, [...ticks, mark]);
  const { moderate_from: some, strong_from: much } = pageSettings().heat_scale;
  scale.style.setProperty("--some", String(some));
  scale.style.setProperty("--much", String(much));
  const samples = heat.levels.map((share, index) => {
    const sample = element("span", { class: `sample sample-${index}` });
    return { share, sample, node: element("span", {}, [sample, element("span", { text: words.percent(share) })]) };
  });
  const key = element("div", { class: "legend-lines", hidden: true }, samples.map((one) => one.node));
  const slider = element("input", { type: "range", min: "0", max: "100", id: "opacity" });
  const options = element("div", { class: "legend-options", id: "heat-options", hidden: true }, optionRows(slider));
  const more = element("button", {
    class: "link", type: "button", text: t("Options"), "aria-expanded": "false", "aria-controls": "heat-options",
    onclick: () => show(Boolean(options.hidden)),
  });
  /** @param {boolean} open */
  const show = (open) => {
    if (!open && options.contains(document.activeElement)) more.focus();
    options.hidden = !open;
    more.setAttribute("aria-expanded", String(open));
  };
  document.addEventListener("cxr-close", () => show(false));
  node.append(element("div", { class: "legend-head" }, [title, more]), bar, key, ends, scale, options);
  return { title, bar, peak, scale, mark, key, samples, options, slider, maps: [...options.querySelectorAll(".swatch")], painted: /** @type {string | null} */ ("") };
}

/** @param {HTMLInputElement} slider */
function optionRows(slider) {
  slider.value = String(Math.round(state.view.opacity * 100));
  slider.addEventListener("input", () => {
    look.set({ opacity: Number(slider.value) / 100 });
    changed();
  });
  /** @type {(action: string, text: string) => HTMLButtonElement} */
  const toggle = (action, text) =>
    element("button", { class: "tool", type: "button", "data-action": action, text, onclick: () => actions.act(action) });
  return [
    element("label", { class: "legend-opacity" }, [element("span", { text: t("Opacity") }), slider]),
    element("div", { class: "swatches", role: "group", "aria-label": t("Colours") }, Object.keys(heat.tables).map(swatch)),
    element("div", { class: "legend-toggles" }, [toggle("contour", t("Contours")), toggle("above", t("Only above the threshold"))]),
  ];
}

/** @param {string} name */
function swatch(name) {
  const bar = element("canvas", { width: "64", height: "1", "aria-hidden": "true" });
  paintBar(bar, name);
  const choose = () => {
    look.set({ colourMap: name });
    changed();
  };
  return element(
    "button",
    { class: "swatch", type: "button", title: name, "aria-label": t("Colours: {name}", { name }), "data-map": name, onclick: choose },
    [bar],
  );
}

/** @type {(canvas: HTMLCanvasElement, name: string) => void} */
function paintBar(canvas, name) {
  const image = new ImageData(canvas.width, 1);
  const table = heat.tables[name];
  for (let x = 0; x < canvas.width; x += 1) {
    const level = Math.round((255 * x) / (canvas.width - 1));
    image.data.set([...table.subarray(3 * level, 3 * level + 3), 255], 4 * x);
  }
  pen(canvas).putImageData(image, 0, 0);
}

/** @param {Filled} sheet */
const heatOf = ({ pane }) => present(heat.mapOf(pane), "map of this finding");

/** Two maps side by side are each drawn to a scale of their own, and the legend says to which.
 * @type {(sheets: Filled[], contour: boolean) => string[]} */
function titles(sheets, contour) {
  const scaled = fixed(sheets);
  const hot = scaled && !contour ? t("strong") : "";
  if (sheets.length > 1) {
    return scaled
      ? [t("evidence, each map on its finding's fixed scale"), hot || t("its peak")]
      : [t("evidence, each map to its own peak"), t("its peak")];
  }
  const finding = words.lower(sheets[0].pane.name);
  const { peak, strength_words: strength } = heatOf(sheets[0]);
  const title = scaled ? t("{strength} heat for {finding}", { finding, strength }) : t("evidence for {finding}", { finding });
  return [title, hot || t("peak {logits} logits", { logits: short(peak) })];
}

/** @param {Filled[]} sheets */
const fixed = (sheets) => sheets.every((sheet) => heatOf(sheet).scale);

/** Where the scale turns from weak to moderate to strong, and which of them one map reaches.
 * @type {(parts: { scale: HTMLElement, mark: HTMLElement }, sheets: Filled[], contour: boolean) => void} */
function paintScale({ scale, mark }, sheets, contour) {
  scale.hidden = contour || !fixed(sheets);
  const alone = sheets.length === 1 && fixed(sheets) ? heatOf(sheets[0]) : null;
  mark.hidden = !alone;
  if (alone) scale.style.setProperty("--peak", String(heat.onScale(1, alone)));
  byId("legend").title = alone ? t("peak {logits} logits", { logits: short(alone.peak) }) : "";
}

/** Two significant digits, in the language's own figures.
 * @param {number} value
 */
function short(value) {
  const digits = Math.max(0, 1 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return words.decimal(Number(value.toPrecision(2)), digits > 1 ? digits : Number.isInteger(Number(value.toPrecision(2))) ? 0 : digits);
}

/** @param {Filled[]} sheets */
function paint(sheets) {
  byId("legend").hidden = sheets.length === 0;
  if (sheets.length === 0) return;
  made ??= build(byId("legend"));
  const parts = made;
  const { contour, onlyAbove } = state.view;
  const colourMap = heat.colourMapInForce();
  const [title, peak] = titles(sheets, contour);
  setText(parts.title, title);
  setText(parts.peak, peak);
  paintScale(parts, sheets, contour);
  parts.bar.hidden = contour;
  parts.key.hidden = !contour;
  for (const one of parts.samples) one.sample.style.borderColor = heat.lineColour(one.share);
  for (const [action, on] of Object.entries({ contour, above: onlyAbove })) {
    inside(parts.options, `[data-action="${action}"]`).setAttribute("aria-pressed", String(on));
  }
  parts.slider.disabled = contour;
  for (const one of parts.maps) one.setAttribute("aria-pressed", String(one.dataset.map === colourMap));
  if (parts.painted !== colourMap) paintBar(parts.bar, colourMap);
  parts.painted = colourMap;
}

export { paint };
