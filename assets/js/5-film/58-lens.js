/* A round magnifier over the film, with the same window, heat and turn. Hold M, or press it to leave it on. */
"use strict";

cxr.lens = (() => {
  const { state } = cxr;
  const TRUE_PIXELS = 2.5; // screen pixels per film pixel, and never less than twice what lies around it
  const HELD_MS = 350;
  const LIFT = 130; // above a finger, which hides what lies under it
  let sheet = null;
  let down = 0; // when the key went down last, by the event's own time: a busy page hears of it late
  let since = 0; // the same while it is down; 0 while it is up

  const on = () => state.view.lens;

  function build(stage) {
    sheet = cxr.sheet.make("lens", null);
    sheet.node.hidden = true;
    stage.append(sheet.node);
  }

  function toggle(wanted = !on()) {
    cxr.look.set({ lens: wanted });
    cxr.changed();
  }

  function lay() {
    const from = cxr.gestures.seen();
    const over = from && from.sheet.pane && from.sheet.room ? from.sheet : cxr.view.activeSheet();
    const ready = on() && over.pane && over.room && over.shown === over.pane.item.film;
    sheet.node.hidden = !ready;
    if (!ready) return;
    if (sheet.node.parentNode !== over.view) over.view.append(sheet.node);
    const at = cxr.gestures.pointIn(over);
    const size = sheet.node.offsetWidth;
    sheet.node.style.transform = `translate(${at.x - size / 2}px, ${at.y - size / 2 - (at.touch ? LIFT : 0)}px)`;
    show(over, at, size);
  }

  function show(over, at, size) {
    if (sheet.shown !== over.shown) {
      sheet.picture.src = over.picture.src;
      sheet.shown = over.shown;
    }
    sheet.pane = over.pane;
    const { item: film } = over.pane;
    const [m, way, tone] = [cxr.view.matrixOf(over), cxr.view.wayOf(over), cxr.view.toneOf(over)];
    const point = cxr.geometry.toFilm(m, at);
    const scale = Math.max(TRUE_PIXELS / window.devicePixelRatio, 2 * Math.hypot(m[0], m[1]));
    const room = { width: size, height: size, margin: { left: 0, right: 0, top: 0, bottom: 0 } };
    const place = { scale, x: point.x / film.width, y: point.y / film.height };
    cxr.sheet.place(sheet, cxr.geometry.matrix(place, room, film, way), 100 * scale * window.devicePixelRatio);
    cxr.sheet.tone(sheet, tone.window, tone.invert);
    cxr.heat.paintSheet(sheet);
  }

  cxr.actions.add("lens", () => toggle());
  // the key repeats while it is held
  cxr.onKey("m", "film", cxr.words.N_("magnifier: hold, or press for on and off"), () => {
    if (since) return;
    since = down;
    toggle();
  });
  document.addEventListener("keydown", (event) => !event.repeat && (down = event.timeStamp), true);
  document.addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() !== "m") return;
    if (since && event.timeStamp - since > HELD_MS) toggle(false);
    since = 0;
  });
  window.addEventListener("blur", () => (since = 0));

  return { build, lay, on };
})();
