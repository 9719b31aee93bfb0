/* What buttons and keys do with the film in view. Later parts add what is theirs. No request but for pictures. */
"use strict";

cxr.actions = (() => {
  const { state } = cxr;
  const { N_ } = cxr.words;
  const ZOOM_STEP = 1.25;
  const known = new Map(); // name -> what it does with the sheet in view

  const add = (name, fn) => known.set(name, fn);

  function act(name) {
    const sheet = cxr.view.activeSheet();
    if (!sheet.pane || !sheet.room) return;
    known.get(name)(sheet);
    cxr.changed();
  }

  add("invert", (sheet) => cxr.view.invert(sheet));
  add("heat", () => cxr.look.set({ heat: !state.view.heat }));
  add("contour", () => cxr.look.set({ contour: !(state.view.heat && state.view.contour), heat: true }));
  add("above", () => cxr.look.set({ onlyAbove: !state.view.onlyAbove }));
  add("rotate", (sheet) => cxr.view.turn(sheet, cxr.geometry.turned));
  add("flip", (sheet) => cxr.view.turn(sheet, cxr.geometry.flipped));
  add("in", (sheet) => cxr.view.zoomAt(sheet, ZOOM_STEP, cxr.geometry.middle(sheet.room)));
  add("out", (sheet) => cxr.view.zoomAt(sheet, 1 / ZOOM_STEP, cxr.geometry.middle(sheet.room)));
  add("fit", (sheet) => cxr.view.fit(sheet));

  const key = (name, help, action, shown) => cxr.onKey(name, "film", help, () => act(action), shown);
  key("h", N_("heatmap on or off"), "heat");
  key("c", N_("heat as contour lines"), "contour");
  key("a", N_("heat only for findings above their cut"), "above");
  key("i", N_("invert the film"), "invert");
  key("r", N_("rotate by 90°"), "rotate");
  key("x", N_("flip left to right"), "flip");
  key("f", N_("fit, or one film pixel per screen pixel"), "zoom");
  key("+", N_("zoom in"), "in");
  key("=", "", "in");
  key("-", N_("zoom out"), "out");
  key("0", N_("fit the film"), "fit");

  return { act, add };
})();
