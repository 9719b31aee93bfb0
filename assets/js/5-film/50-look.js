/* How films are looked at: heat, colours, grey window, what stands beside. */
import { addField, state } from "../0-core/00-core.js";

const PLAIN = Object.freeze({ width: 255, level: 127.5 });
const write = addField("view", {
  opacity: 0.6, colourMap: null, heat: false, contour: false, onlyAbove: false, outlines: false, invert: false, window: PLAIN, lens: false,
  compare: null,
});

/** @param {Partial<Look>} changes */
const set = (changes) => write({ ...state.view, ...changes });

/** What is compared: {kind, heatBefore} and, as far as they are chosen, label, model, otherLabel, film.
 * @param {Partial<Comparison>} changes
 * @returns {Comparison}
 */
function compare(changes) {
  set({ compare: Object.freeze({ ...state.view.compare, ...changes }) });
  return state.view.compare;
}

export { PLAIN, set, compare };
