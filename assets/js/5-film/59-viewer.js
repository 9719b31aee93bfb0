/* The films on their stage, and the toolbar: what is shown, where it lies, and what is pressed. */
"use strict";

cxr.viewer = (() => {
  const { state, byId, setText } = cxr;
  const { t } = cxr.words;
  const GAP = 22; // between the toolbar and what lies under it: the line of 59-film-says.js
  const ALONE = { left: 16, right: 16 };
  const BESIDE = { left: 8, right: 8, top: 8 };
  const two = cxr.stage.sheets();
  let stage = null;

  function build(node) {
    stage = node;
    cxr.stage.build(stage);
    for (const sheet of two) new ResizeObserver(() => measure(sheet)).observe(sheet.view);
    new ResizeObserver(() => two.forEach(measure)).observe(byId("toolbar"));
    cxr.gestures.listen(stage);
    cxr.grey.build(byId("window-popover"), byId("toolbar"));
    cxr.lens.build(stage);
    cxr.compare.build(two[1].head);
    byId("toolbar").addEventListener("click", (event) => {
      const button = event.target.closest("[data-action]");
      if (button) cxr.actions.act(button.dataset.action);
    });
  }

  /* Around a fitted film the toolbar's row, or its two on a phone, stays free: there lies the side marker. So does, with
   * or without heat, the strip that speaks of the heat: the film may not jump, and there lie the costophrenic angles. */
  function measure(sheet) {
    const bar = byId("toolbar");
    const top = bar.offsetTop + bar.offsetHeight;
    byId("viewer").style.setProperty("--bar", `${top}px`);
    const { clientWidth: width, clientHeight: height } = sheet.view;
    const bottom = parseFloat(getComputedStyle(byId("viewer")).getPropertyValue("--foot"));
    const beside = Boolean(state.view.compare);
    const margin = beside ? { ...BESIDE, bottom } : { ...ALONE, top: top + GAP, bottom };
    sheet.room = width && height ? { width, height, margin, beside } : null;
    cxr.stage.moved(false);
  }

  function lay() {
    for (const sheet of two) {
      if (!sheet.pane || !sheet.room) continue;
      const tone = cxr.view.toneOf(sheet);
      cxr.sheet.place(sheet, cxr.view.matrixOf(sheet), cxr.view.percent(sheet));
      cxr.sheet.tone(sheet, tone.window, tone.invert);
      warn(sheet);
    }
    cxr.lens.lay();
    const sheet = cxr.view.activeSheet();
    if (!sheet.pane || !sheet.room) return;
    const fitted = cxr.view.placeOf(sheet).scale === "fit";
    stage.classList.toggle("pannable", !fitted);
    stage.classList.toggle("gripped", cxr.grey.open() || cxr.lens.on());
    cxr.grey.say(cxr.view.toneOf(sheet).window);
    setText(byId("film-scale"), t("{percent} %", { percent: Math.round(cxr.view.percent(sheet)) }));
    byId("film-scale").classList.toggle("fitted", fitted);
  }

  /* A film that stands otherwise than it was taken says so, for as long as it does. */
  function warn({ note, node, pane }) {
    const { turn, flip } = cxr.view.wayOf({ pane });
    const flipped = flip ? t("Flipped left to right: sides in the text are those on the screen") : "";
    const rotated = turn ? t("Rotated {degrees}°", { degrees: turn }) : "";
    note.hidden = !flip && !turn;
    node.classList.toggle("otherwise", Boolean(flip || turn));
    setText(note, [flipped, rotated].filter(Boolean).join(" · "));
  }

  function preloadNeighbours(item) {
    const items = cxr.listing.shown(); // the arrow keys follow the order on the screen
    const index = items.indexOf(item);
    for (const neighbour of [items[index + 1], items[index - 1]]) {
      if (neighbour && neighbour.film) cxr.pictures.film(neighbour.film).catch(() => {});
    }
  }

  function press(action, on) {
    const button = document.querySelector(`#toolbar [data-action="${action}"]`);
    if (button) button.setAttribute("aria-pressed", String(on));
  }

  function paint() {
    if (!stage) return;
    const panes = cxr.compare.panes();
    byId("empty").hidden = state.films.length > 0;
    stage.hidden = byId("toolbar").hidden = panes.length === 0;
    stage.classList.toggle("comparing", panes.length > 1);
    two.forEach((sheet, index) => show(sheet, panes[index]));
    if (panes.length === 0) cxr.grey.close();
    if (panes.length) paintButtons();
    cxr.legend.paint(cxr.heat.paint());
    lay();
    cxr.grey.paint();
    cxr.compare.paint();
  }

  function show(sheet, pane) {
    sheet.node.hidden = !pane;
    if (!pane) {
      cxr.sheet.clear(sheet);
      return;
    }
    sheet.pane = pane;
    if (!sheet.room || sheet.room.beside !== Boolean(state.view.compare)) measure(sheet);
    const before = sheet.shown;
    cxr.sheet.load(sheet, pane.item);
    if (sheet.index === 0 && sheet.shown === pane.item.film && before === sheet.shown) preloadNeighbours(pane.item);
    sheet.frame.style.visibility = sheet.shown === pane.item.film ? "visible" : "hidden";
  }

  function paintButtons() {
    const { view } = state;
    const tone = cxr.view.toneOf(cxr.view.activeSheet());
    press("invert", tone.invert);
    press("heat", view.heat);
    press("window", cxr.grey.open() || tone.window.width !== cxr.look.PLAIN.width || tone.window.level !== cxr.look.PLAIN.level);
    byId("toolbar").querySelector("[data-action=window]").setAttribute("aria-expanded", String(cxr.grey.open()));
    press("lens", cxr.lens.on());
    press("compare", Boolean(view.compare));
    press("flip", cxr.view.wayOf(cxr.view.activeSheet()).flip);
  }

  cxr.painters.push(paint);
  cxr.listen("lay", lay);

  return { build, inView: (item) => two.length > 0 && two[0].shown === item.film };
})();
