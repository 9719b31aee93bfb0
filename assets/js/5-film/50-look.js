/* How films are looked at: heat, colours, grey window, what stands beside. */
import { addField, present, state } from "../0-core/00-core.js";

const PLAIN = Object.freeze({ width: 255, level: 127.5 });
const write = addField("view", {
  opacity: 0.6, colourMap: null, heat: false, contour: false, onlyAbove: false, outlines: false, invert: false, window: PLAIN, lens: false,
  compare: null,
});

/** @param {Partial<Look>} changes */
const set = (changes) => write({ ...state.view, ...changes });

/** Compare with something else, while two films stand side by side.
 * @param {Partial<Comparison>} changes
 */
const compare = (changes) => set({ compare: Object.freeze({ ...present(state.view.compare, "comparison"), ...changes }) });

export { PLAIN, set, compare };
