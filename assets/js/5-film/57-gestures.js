/* Wheel, drag, pinch and double click on the films. Pointers only; keys belong to the parts they serve. */
"use strict";

cxr.gestures = (() => {
  const { state } = cxr;
  const WHEEL = 0.0015; // how much a step of the wheel zooms
  const PINCH_WHEEL = 0.01; // a trackpad's pinch comes as a wheel with the control key, in small steps
  const LINE = 16;
  const SPREAD = 1.2; // grey levels per screen pixel
  const pointers = new Map(); // pointer id -> {x, y}
  let grip = null; // what the pointers hold: {sheet, kind}
  let last = null; // where the mouse was seen last: {sheet, x, y}

  /* Whether dragging means the grey window: 58-grey.js says when. */
  let greyIs = () => false;
  const dragGreyWhile = (rule) => (greyIs = rule);

  /* By where it happened: a held pointer belongs to the stage, and a double click ends with one held. */
  function sheetAt({ clientX, clientY, target }) {
    if (target.closest(".pane-head")) return null;
    const holds = ({ left, right, top, bottom }) => clientX >= left && clientX < right && clientY >= top && clientY < bottom;
    const ready = cxr.stage.sheets().filter((sheet) => sheet.pane && sheet.room);
    return ready.find((sheet) => holds(sheet.view.getBoundingClientRect())) || null;
  }

  function inside(sheet, { clientX, clientY }) {
    const box = sheet.view.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  }

  /* The point under the mouse, or the middle. */
  const pointIn = (sheet) => (last && last.sheet === sheet ? last : cxr.geometry.middle(sheet.room));

  function wheel(event) {
    const sheet = sheetAt(event);
    if (!sheet) return;
    event.preventDefault();
    const delta = event.deltaY * (event.deltaMode === 1 ? LINE : 1);
    cxr.view.activate(sheet);
    cxr.view.zoomAt(sheet, Math.exp(-delta * (event.ctrlKey ? PINCH_WHEEL : WHEEL)), inside(sheet, event));
  }

  function down(event) {
    const sheet = sheetAt(event);
    if (!sheet || event.button > 2) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const grey = event.button === 2 || (event.button === 0 && greyIs());
    grip = { sheet, kind: pointers.size > 1 ? "pinch" : grey ? "grey" : "pan", moved: 0 };
    cxr.view.activate(sheet);
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.classList.add("held");
  }

  function move(event) {
    const over = grip ? grip.sheet : sheetAt(event);
    if (over) last = { sheet: over, ...inside(over, event), touch: event.pointerType === "touch" };
    if (over && state.view.lens) cxr.stage.moved(false);
    const before = pointers.get(event.pointerId);
    if (!before || !grip) return;
    const now = { x: event.clientX, y: event.clientY };
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    if (grip.kind === "pinch") pinch(event.pointerId, before, now);
    else if (grip.kind === "grey") {
      const { width, level } = cxr.view.toneOf(grip.sheet).window;
      cxr.view.setWindow(grip.sheet, width + dx * SPREAD, level + dy * SPREAD);
    } else cxr.view.panBy(grip.sheet, dx, dy);
    pointers.set(event.pointerId, now);
  }

  /* Two fingers: the film follows the point between them and grows with their distance. */
  function pinch(id, before, now) {
    const other = [...pointers].find(([one]) => one !== id);
    if (!other) return;
    const [, fixed] = other;
    const length = (point) => Math.max(1, Math.hypot(point.x - fixed.x, point.y - fixed.y));
    const point = inside(grip.sheet, { clientX: (before.x + fixed.x) / 2, clientY: (before.y + fixed.y) / 2 });
    cxr.view.zoomAt(grip.sheet, length(now) / length(before), point);
    cxr.view.panBy(grip.sheet, (now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  function up(event) {
    pointers.delete(event.pointerId);
    if (pointers.size === 1 && grip) grip.kind = "pan";
    if (pointers.size > 0) return;
    if (grip) event.currentTarget.classList.remove("held");
    if (grip && grip.kind === "grey") cxr.changed(); // the button's state and the sliders follow at the end
    grip = null;
  }

  function twice(event) {
    const sheet = sheetAt(event);
    if (sheet) cxr.view.fit(sheet);
  }

  /* Without a mouse: Shift and the arrows move the film in its box, or the lens over it. */
  const STEP = 48;
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function arrow(event) {
    const [dx, dy] = ARROWS[event.key] || [0, 0];
    const sheet = cxr.view.activeSheet();
    if (!event.shiftKey || !(dx || dy) || !sheet.pane || !sheet.room) return;
    event.preventDefault();
    event.stopPropagation();
    if (!state.view.lens) return void cxr.view.panBy(sheet, -dx * STEP, -dy * STEP);
    const { x, y } = pointIn(sheet);
    const within = (value, most) => Math.min(most, Math.max(0, value));
    last = { sheet, x: within(x + dx * 12, sheet.room.width), y: within(y + dy * 12, sheet.room.height) };
    cxr.stage.moved(false);
  }

  function listen(stage) {
    stage.addEventListener("wheel", wheel, { passive: false });
    stage.addEventListener("pointerdown", down);
    stage.addEventListener("pointermove", move);
    for (const kind of ["pointerup", "pointercancel"]) stage.addEventListener(kind, up);
    stage.addEventListener("dblclick", twice);
    stage.addEventListener("keydown", arrow);
    stage.addEventListener("contextmenu", (event) => sheetAt(event) && event.preventDefault());
  }

  cxr.onKey("Shift+Arrows", "film", cxr.words.N_("move the film, or the magnifier, when the film has the focus"), () => {}, "⇧↔↕");

  cxr.actions.add("zoom", (sheet) => cxr.view.toggleTrue(sheet, pointIn(sheet)));

  return { listen, pointIn, seen: () => last, dragGreyWhile };
})();
