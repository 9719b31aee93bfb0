/* What is looked at, and how, outlives a reload and a change of language: grey window, heat, comparison, and which films
 * are flipped or turned. Zoom does not: it belongs to a screen. */
import { state } from "../0-core/00-core.js";
import * as session from "../3-list/32-session.js";
import * as look from "./50-look.js";
import { tables } from "./54-heat.js";
import * as view from "./55-view.js";

session.part("view", {
  save() {
    const { window: grey, invert, heat, contour, onlyAbove, outlines, opacity, colourMap, compare } = state.view;
    return { window: grey, invert, heat, contour, onlyAbove, outlines, opacity, colourMap, compare, ways: view.ways() };
  },
  /** @param {Look & { ways: [string, Way][] }} kept */
  load({ ways, colourMap, ...kept }) {
    // a colour map that this version of the page does not have is not asked for
    look.set({ ...kept, ...(colourMap !== null && colourMap in tables ? { colourMap } : {}) });
    view.restoreWays(ways);
  },
});
