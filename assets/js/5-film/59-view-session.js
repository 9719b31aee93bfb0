/* What is looked at, and how, outlives a reload and a change of language: grey window, heat, comparison, and which films
 * are flipped or turned. Zoom does not: it belongs to a screen. */
"use strict";

cxr.session.part("view", {
  save() {
    const { window: grey, invert, heat, contour, onlyAbove, opacity, colourMap, compare } = cxr.state.view;
    return { window: grey, invert, heat, contour, onlyAbove, opacity, colourMap, compare, ways: cxr.view.ways() };
  },
  load({ ways, colourMap, ...kept }) {
    // a colour map that this version of the page does not have is not asked for
    cxr.look.set({ ...kept, ...(colourMap in cxr.heat.tables ? { colourMap } : {}) });
    cxr.view.restoreWays(ways);
  },
});
