/* Wheel, drag, pinch and double click on the films. Pointers only; keys belong to the parts they serve. */
import { changed, onKey, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import * as geometry from "./51-geometry.js";
import * as stage from "./53-stage.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";

const WHEEL = 0.0015; // how much a step of the wheel zooms
const PINCH_WHEEL = 0.01; // a trackpad's pinch comes as a wheel with the control key, in small steps
const LINE = 16;
const SPREAD = 1.2; // grey levels per screen pixel
const FINEST = 0.02; // of that, in a narrow window of a film's own levels
const pointers = new Map(); // pointer id -> {x, y}
let grip = null; // what the pointers hold: {sheet, kind}
let last = null; // where the mouse was seen last: {sheet, x, y}

/* Whether dragging means the grey window: 58-grey.js says when. */
/** @type {() => boolean} */
let greyIs = () => false;
/** @param {() => boolean} rule */
const dragGreyWhile = (rule) => (greyIs = rule);

/* Whether dragging draws a mark, and who draws it: 58-marks.js. */
let marking = { active: () => false };
/** @param {any} who */
const markWith = (who) => (marking = who);

/* By where it happened: a held pointer belongs to the stage, and a double click ends with one held. */
function sheetAt({ clientX, clientY, target }) {
  if (target.closest(".pane-head")) return null;
  const holds = ({ left, right, top, bottom }) => clientX >= left && clientX < right && clientY >= top && clientY < bottom;
  const ready = stage.sheets().filter((sheet) => sheet.pane && sheet.room);
  return ready.find((sheet) => holds(sheet.view.getBoundingClientRect())) || null;
}

function inside(sheet, { clientX, clientY }) {
  const box = sheet.view.getBoundingClientRect();
  return { x: clientX - box.left, y: clientY - box.top };
}

/** The point under the mouse, or the middle.
 * @param {Sheet} sheet
 */
const pointIn = (sheet) => (last && last.sheet === sheet ? last : geometry.middle(sheet.room));

function wheel(event) {
  const sheet = sheetAt(event);
  if (!sheet) return;
  event.preventDefault();
  const delta = event.deltaY * (event.deltaMode === 1 ? LINE : 1);
  view.activate(sheet);
  view.zoomAt(sheet, Math.exp(-delta * (event.ctrlKey ? PINCH_WHEEL : WHEEL)), inside(sheet, event));
}

function down(event) {
  const sheet = sheetAt(event);
  if (!sheet || event.button > 2) return;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  const grey = event.button === 2 || (event.button === 0 && greyIs());
  grip = { sheet, kind: pointers.size > 1 ? "pinch" : grey ? "grey" : "pan", moved: 0 };
  if (grip.kind === "pan" && event.button === 0 && marking.active()) {
    grip.kind = "mark";
    marking.down(sheet, inside(sheet, event));
  }
  view.activate(sheet);
  event.currentTarget.setPointerCapture(event.pointerId);
  event.currentTarget.classList.add("held");
}

function move(event) {
  const over = grip ? grip.sheet : sheetAt(event);
  if (over) last = { sheet: over, ...inside(over, event), touch: event.pointerType === "touch" };
  if (over && (state.view.lens || marking.active())) stage.moved(false);
  const before = pointers.get(event.pointerId);
  if (!before || !grip) return;
  const now = { x: event.clientX, y: event.clientY };
  const [dx, dy] = [now.x - before.x, now.y - before.y];
  if (grip.kind === "mark") marking.move(grip.sheet, inside(grip.sheet, event));
  else if (grip.kind === "pinch") pinch(event.pointerId, before, now);
  else if (grip.kind === "grey") {
    const { width, level, curve } = view.toneOf(grip.sheet).window;
    const fine = view.levelsOf(grip.sheet) ? Math.min(1, Math.max(FINEST, width / 255)) : 1;
    view.setWindow(grip.sheet, width + dx * SPREAD * fine, level + dy * SPREAD * fine, curve);
  } else view.panBy(grip.sheet, dx, dy);
  pointers.set(event.pointerId, now);
}

/* Two fingers: the film follows the point between them and grows with their distance. */
function pinch(id, before, now) {
  const other = [...pointers].find(([one]) => one !== id);
  if (!other) return;
  const [, fixed] = other;
  const length = (point) => Math.max(1, Math.hypot(point.x - fixed.x, point.y - fixed.y));
  const point = inside(grip.sheet, { clientX: (before.x + fixed.x) / 2, clientY: (before.y + fixed.y) / 2 });
  view.zoomAt(grip.sheet, length(now) / length(before), point);
  view.panBy(grip.sheet, (now.x - before.x) / 2, (now.y - before.y) / 2);
}

function up(event) {
  pointers.delete(event.pointerId);
  if (pointers.size === 1 && grip) grip.kind = "pan";
  if (pointers.size > 0) return;
  if (grip) event.currentTarget.classList.remove("held");
  if (grip && grip.kind === "mark") marking.up(grip.sheet);
  if (grip && grip.kind === "grey") changed(); // the button's state and the sliders follow at the end
  grip = null;
}

function twice(event) {
  const sheet = sheetAt(event);
  if (sheet) view.fit(sheet);
}

/* Without a mouse: Shift and the arrows move the film in its box, or the lens over it. */
const STEP = 48;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function arrow(event) {
  const [dx, dy] = ARROWS[event.key] || [0, 0];
  const sheet = view.activeSheet();
  if (!event.shiftKey || !(dx || dy) || !sheet.pane || !sheet.room) return;
  event.preventDefault();
  event.stopPropagation();
  if (!state.view.lens) return void view.panBy(sheet, -dx * STEP, -dy * STEP);
  const { x, y } = pointIn(sheet);
  const within = (value, most) => Math.min(most, Math.max(0, value));
  last = { sheet, x: within(x + dx * 12, sheet.room.width), y: within(y + dy * 12, sheet.room.height) };
  stage.moved(false);
}

/** @param {HTMLElement} node */
function listen(node) {
  node.addEventListener("wheel", wheel, { passive: false });
  node.addEventListener("pointerdown", down);
  node.addEventListener("pointermove", move);
  for (const kind of ["pointerup", "pointercancel"]) node.addEventListener(kind, up);
  node.addEventListener("dblclick", twice);
  node.addEventListener("keydown", arrow);
  node.addEventListener("contextmenu", (event) => sheetAt(event) && event.preventDefault());
}

onKey("Shift+Arrows", "film", words.N_("move the film, or the magnifier, when the film has the focus"), () => {}, "⇧↔↕");

actions.add("zoom", (sheet) => view.toggleTrue(sheet, pointIn(sheet)));

const seen = () => last;

export { listen, pointIn, seen, dragGreyWhile, markWith };
