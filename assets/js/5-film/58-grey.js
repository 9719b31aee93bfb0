/* The grey window: presets, those of the film's own file, two sliders, and dragging on the film. A picture of 8 bits has
 * contrasts of the grey levels as they stand in it, and no Hounsfield units; a film of more bits says its own levels. */
import { around, byId, changed, element, inside, onKey, present, setText } from "../0-core/00-core.js";
import { decimal, N_, t } from "../0-core/10-words.js";
import * as tones from "./51-tones.js";
import { isReady } from "./53-film-sheet.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";
import * as gestures from "./57-gestures.js";

// on frontal films as they are shown here the lungs lie mostly between levels 40 and 205, what is around them above 150
/** @typedef {{ name: string, window: GreyWindow, help: string }} Preset */
/** @type {Preset[]} */
const PRESETS = [
  { name: N_("Default"), window: { width: 255, level: 127.5 }, help: N_("contrast: default") },
  { name: N_("Lung contrast"), window: { width: 170, level: 120 }, help: N_("contrast for the lungs") },
  { name: N_("Bone and mediastinum contrast"), window: { width: 140, level: 185 }, help: N_("contrast for bone and mediastinum") },
  { name: N_("High contrast"), window: { width: 128, level: 140 }, help: N_("high contrast") },
];
let box = /** @type {HTMLElement | null} */ (null);
let made = /** @type {ReturnType<typeof fill> | null} */ (null);
let label = /** @type {HTMLElement | null} */ (null);
const popover = () => present(box, "box for the window");
const parts = () => present(made, "choice of windows");
const figures = () => present(label, "figures of the window");
let given = /** @type {{ choice: HTMLButtonElement, window: GreyWindow }[]} */ ([]); // those of the file
let listed = /** @type {Levels | null} */ (null); // the levels whose windows stand in the menu

const sheet = () => view.activeSheet();
const current = () => view.toneOf(sheet()).window;
/** @type {(one: GreyWindow, other: GreyWindow) => boolean} */
const same = (one, other) =>
  one.width === other.width && one.level === other.level && one.curve === other.curve && one.table === other.table;

/** Whole levels where there are many, else with two decimals.
 * @param {number} value
 */
const figure = (value) => (Math.abs(value) >= 10 || Number.isInteger(value) ? String(Math.round(value)) : decimal(value, 2));

/** A window's figures as people read them: of the picture, or of the film's own levels.
 * @type {(one: Sheet, window: GreyWindow) => GreyWindow} */
function inFigures(one, window) {
  const levels = view.levelsOf(one);
  return levels ? tones.toOwn(levels, window) : window;
}

/**
 * @param {HTMLElement} node
 * @param {HTMLElement} toolbar
 */
function build(node, toolbar) {
  box = node;
  label = element("button", { class: "window-figures", type: "button", hidden: true, onclick: reset }, [
    element("span"), element("span", { class: "window-reset", text: t("Reset") }),
  ]);
  toolbar.append(label);
}

function reset() {
  choose(PRESETS[0]);
  byId("stage").focus({ preventScroll: true });
}

/** @typedef {{ name: "width" | "level", input: HTMLInputElement, value: HTMLElement, node: HTMLElement }} Slider */
/** @type {(name: "width" | "level", text: string) => Slider} */
function slider(name, text) {
  const value = element("output", {});
  const input = element("input", { type: "range", id: `window-${name}` });
  input.addEventListener("input", () => {
    const levels = view.levelsOf(sheet());
    const wanted = { ...inFigures(sheet(), current()), [name]: Number(input.value) };
    const { width, level } = levels ? tones.fromOwn(levels, wanted) : wanted;
    view.setWindow(sheet(), width, level, current().curve);
    changed();
  });
  const node = element("label", {}, [element("span", {}, [element("span", { text }), value]), input]);
  return { name, input, value, node };
}

/* When it is first opened: the language has come by then. */
function fill() {
  const presets = PRESETS.map((preset, index) =>
    element("button", { class: "tool preset", type: "button", onclick: () => choose(preset) }, [
      element("span", { text: t(preset.name) }), element("kbd", { text: String(index + 1) }),
    ]),
  );
  const sliders = [slider("width", t("Window (contrast)")), slider("level", t("Level (brightness)"))];
  const ofFile = element("div", { class: "presets", role: "group", "aria-label": t("Of this film's file"), hidden: true });
  popover().append(
    element("div", { class: "presets", role: "group", "aria-label": t("Contrast") }, presets),
    ofFile,
    ...sliders.map((one) => one.node),
    element("p", { class: "hint", text: t("Drag on the film: sideways for contrast, up and down for brightness. The right button does so at any time.") }),
  );
  return { presets, sliders, ofFile };
}

/** @param {Preset} preset */
function choose(preset) {
  if (!isReady(sheet())) return;
  view.setWindow(sheet(), preset.window.width, preset.window.level);
  changed();
}

/** The windows that the film's file brings, with what it calls them.
 * @param {Levels | null} levels
 */
function listFile(levels) {
  if (listed === levels) return;
  listed = levels;
  given = levels ? levels.windows.map((one, index) => choiceOf(levels, one, index)) : [];
  const { ofFile } = parts();
  ofFile.hidden = given.length === 0;
  ofFile.replaceChildren(
    element("div", { class: "presets-of", text: t("Of this film's file") }), ...given.map(({ choice }) => choice),
  );
}

/** @type {(levels: Levels, one: Levels["windows"][number], index: number) => { choice: HTMLButtonElement, window: GreyWindow }} */
function choiceOf(levels, one, index) {
  const window = tones.ofFile(levels, one);
  const own = tones.toOwn(levels, window);
  const text = one.name || t("Window {number} of the file", { number: index + 1 });
  const choice = element("button", { class: "tool preset", type: "button", onclick: () => chooseGiven(window) }, [
    element("span", { text }), element("kbd", { text: `${figure(own.width)} / ${figure(own.level)}` }),
  ]);
  return { choice, window };
}

/** @param {GreyWindow} window */
function chooseGiven(window) {
  view.setFileWindow(sheet(), window);
  changed();
}

const open = () => box !== null && !box.hidden;

const opener = () => inside(byId("toolbar"), "[data-action=window]");

function toggle() {
  made ??= fill();
  if (open()) return close();
  popover().hidden = false;
  // opened by keyboard, the keyboard goes in; with the mouse the film is dragged next
  if (opener().matches(":focus-visible")) made.presets[0].focus({ preventScroll: true });
}

function close() {
  if (!box) return;
  if (box.contains(document.activeElement)) opener().focus({ preventScroll: true });
  box.hidden = true;
}

/** The window stays from film to film: so its figures stand there for as long as it is not the default one.
 * @param {Sheet} one
 * @param {GreyWindow} window
 */
function say(one, window) {
  figures().hidden = tones.isPlain(window);
  const { width, level } = inFigures(one, window);
  setText(figures().firstChild, t("window {width} / level {level}", { width: figure(width), level: figure(level) }));
}

/** A slider goes as far as the film's levels do.
 * @type {(slider: Slider, levels: Levels | null) => void} */
function bound({ name, input }, levels) {
  const [low, high] = (levels ? tones.limits(levels) : view.OF_PICTURE)[name];
  Object.assign(input, { min: String(low), max: String(high), step: levels ? "any" : "1" });
}

function paint() {
  if (!made || !open() || !sheet().pane) return;
  const levels = view.levelsOf(sheet());
  const [now, said] = [current(), inFigures(sheet(), current())];
  for (const one of made.sliders) {
    bound(one, levels);
    one.input.value = levels ? String(said[one.name]) : String(Math.round(said[one.name]));
    setText(one.value, figure(said[one.name]));
  }
  listFile(levels);
  made.presets.forEach((button, index) => button.setAttribute("aria-pressed", String(same(PRESETS[index].window, now))));
  for (const { choice, window } of given) choice.setAttribute("aria-pressed", String(same(window, now)));
}

gestures.dragGreyWhile(open);
actions.add("window", toggle);
onKey("w", "film", N_("window: drag for contrast and brightness"), () => actions.act("window"));
PRESETS.forEach((preset, index) => onKey(String(index + 1), "film", preset.help, () => choose(preset)));
document.addEventListener("cxr-close", () => {
  close();
  changed();
});
document.addEventListener("click", (event) => {
  // on the film itself the popover stays: there it is dragged
  if (open() && !around(event, "#window-popover, #toolbar, #stage")) {
    close();
    changed();
  }
});

export { build, close, open, say, paint };
