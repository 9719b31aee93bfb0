/* Wheel, drag, pinch and double click on the films. Pointers only; keys belong to the parts they serve. */
import { around, changed, onKey, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import * as geometry from "./51-geometry.js";
import { isReady, roomOf } from "./53-film-sheet.js";
import * as stage from "./53-stage.js";
import * as view from "./55-view.js";
import * as actions from "./56-actions.js";

const WHEEL = 0.0015; // how much a step of the wheel zooms
const PINCH_WHEEL = 0.01; // a trackpad's pinch comes as a wheel with the control key, in small steps
const LINE = 16;
const SPREAD = 1.2; // grey levels per screen pixel
const FINEST = 0.02; // of that, in a narrow window of a film's own levels
/** @typedef {XY & { touch?: boolean }} Seen `touch`: by a finger, which hides what lies under it */
const pointers = /** @type {Map<number, XY>} */ (new Map()); // by id
let grip = /** @type {{ sheet: Sheet, kind: "pan" | "pinch" | "grey" | "mark" } | null} */ (null); // what the pointers hold
let last = /** @type {(Seen & { sheet: Sheet }) | null} */ (null); // where the mouse was seen last

/* Whether dragging means the grey window: 58-grey.js says when. */
/** @type {() => boolean} */
let greyIs = () => false;
/** @param {() => boolean} rule */
const dragGreyWhile = (rule) => (greyIs = rule);

/* Whether dragging draws a mark, and who draws it: 58-marks.js. */
/** @type {Marker} */
let marking = { active: () => false, down() {}, move() {}, up() {} };
/** @param {Marker} who */
const markWith = (who) => (marking = who);

/** By where it happened: a held pointer belongs to the stage, and a double click ends with one held.
 * @param {MouseEvent} event
 */
function sheetAt(event) {
  if (around(event, ".pane-head")) return null;
  const { clientX, clientY } = event;
  /** @param {DOMRect} box */
  const holds = ({ left, right, top, bottom }) => clientX >= left && clientX < right && clientY >= top && clientY < bottom;
  const ready = stage.sheets().filter(isReady);
  return ready.find((sheet) => holds(sheet.view.getBoundingClientRect())) || null;
}

/** @type {(sheet: Sheet, at: { clientX: number, clientY: number }) => XY} */
function inside(sheet, { clientX, clientY }) {
  const box = sheet.view.getBoundingClientRect();
  return { x: clientX - box.left, y: clientY - box.top };
}

/** The point under the mouse, or the middle.
 * @param {Sheet} sheet
 * @returns {Seen}
 */
const pointIn = (sheet) => (last && last.sheet === sheet ? last : geometry.middle(roomOf(sheet)));

/** @param {WheelEvent} event */
function wheel(event) {
  const sheet = sheetAt(event);
  if (!sheet) return;
  event.preventDefault();
  const delta = event.deltaY * (event.deltaMode === 1 ? LINE : 1);
  view.activate(sheet);
  view.zoomAt(sheet, Math.exp(-delta * (event.ctrlKey ? PINCH_WHEEL : WHEEL)), inside(sheet, event));
}

/** @type {(event: PointerEvent, node: HTMLElement) => void} */
function down(event, node) {
  const sheet = sheetAt(event);
  if (!sheet || event.button > 2) return;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  const grey = event.button === 2 || (event.button === 0 && greyIs());
  grip = { sheet, kind: pointers.size > 1 ? "pinch" : grey ? "grey" : "pan" };
  if (grip.kind === "pan" && event.button === 0 && marking.active()) {
    grip.kind = "mark";
    marking.down(sheet, inside(sheet, event));
  }
  view.activate(sheet);
  node.setPointerCapture(event.pointerId);
  node.classList.add("held");
}

/** @param {PointerEvent} event */
function move(event) {
  const over = grip ? grip.sheet : sheetAt(event);
  if (over) last = { sheet: over, ...inside(over, event), touch: event.pointerType === "touch" };
  if (over && (state.view.lens || marking.active())) stage.moved(false);
  const before = pointers.get(event.pointerId);
  if (!before || !grip) return;
  const now = { x: event.clientX, y: event.clientY };
  const [dx, dy] = [now.x - before.x, now.y - before.y];
  if (grip.kind === "mark") marking.move(grip.sheet, inside(grip.sheet, event));
  else if (grip.kind === "pinch") pinch(grip.sheet, event.pointerId, before, now);
  else if (grip.kind === "grey") {
    const { width, level, curve } = view.toneOf(grip.sheet).window;
    const fine = view.levelsOf(grip.sheet) ? Math.min(1, Math.max(FINEST, width / 255)) : 1;
    view.setWindow(grip.sheet, width + dx * SPREAD * fine, level + dy * SPREAD * fine, curve);
  } else view.panBy(grip.sheet, dx, dy);
  pointers.set(event.pointerId, now);
}

/** Two fingers: the film follows the point between them and grows with their distance.
 * @type {(sheet: Sheet, id: number, before: XY, now: XY) => void} */
function pinch(sheet, id, before, now) {
  const other = [...pointers].find(([one]) => one !== id);
  if (!other) return;
  const [, fixed] = other;
  /** @param {XY} point */
  const length = (point) => Math.max(1, Math.hypot(point.x - fixed.x, point.y - fixed.y));
  const point = inside(sheet, { clientX: (before.x + fixed.x) / 2, clientY: (before.y + fixed.y) / 2 });
  view.zoomAt(sheet, length(now) / length(before), point);
  view.panBy(sheet, (now.x - before.x) / 2, (now.y - before.y) / 2);
}

/** @type {(event: PointerEvent, node: HTMLElement) => void} */
function up(event, node) {
  pointers.delete(event.pointerId);
  if (pointers.size === 1 && grip) grip.kind = "pan";
  if (pointers.size > 0) return;
  if (grip) node.classList.remove("held");
  if (grip && grip.kind === "mark") marking.up(grip.sheet);
  if (grip && grip.kind === "grey") changed(); // the button's state and the sliders follow at the end
  grip = null;
}

/** @param {MouseEvent} event */
function twice(event) {
  const sheet = sheetAt(event);
  if (sheet) view.fit(sheet);
}

/* Without a mouse: Shift and the arrows move the film in its box, or the lens over it. */
const STEP = 48;
/** @type {Record<string, Point2>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @param {KeyboardEvent} event */
function arrow(event) {
  const [dx, dy] = ARROWS[event.key] || [0, 0];
  const sheet = view.activeSheet();
  if (!event.shiftKey || !(dx || dy) || !isReady(sheet)) return;
  event.preventDefault();
  event.stopPropagation();
  if (!state.view.lens) return void view.panBy(sheet, -dx * STEP, -dy * STEP);
  const { x, y } = pointIn(sheet);
  /** @type {(value: number, most: number) => number} */
  const within = (value, most) => Math.min(most, Math.max(0, value));
  last = { sheet, x: within(x + dx * 12, sheet.room.width), y: within(y + dy * 12, sheet.room.height) };
  stage.moved(false);
}

/** @param {HTMLElement} node */
function listen(node) {
  node.addEventListener("wheel", wheel, { passive: false });
  node.addEventListener("pointerdown", (event) => down(event, node));
  node.addEventListener("pointermove", move);
  for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) node.addEventListener(kind, (event) => up(event, node));
  node.addEventListener("dblclick", twice);
  node.addEventListener("keydown", arrow);
  node.addEventListener("contextmenu", (event) => sheetAt(event) && event.preventDefault());
}

onKey("Shift+Arrows", "film", words.N_("move the film, or the magnifier, when the film has the focus"), () => {}, "⇧↔↕");

actions.add("zoom", (sheet) => view.toggleTrue(sheet, pointIn(sheet)));

const seen = () => last;

export { listen, pointIn, seen, dragGreyWhile, markWith };
