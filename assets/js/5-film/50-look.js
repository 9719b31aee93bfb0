/* How films are looked at: heat, colours, grey window, what stands beside. */
"use strict";

cxr.look = (() => {
  const { state } = cxr;
  const PLAIN = Object.freeze({ width: 255, level: 127.5 });
  const write = cxr.own("view", {
    opacity: 0.6, colourMap: null, heat: false, contour: false, onlyAbove: false, invert: false, window: PLAIN, lens: false,
    compare: null,
  });

  const set = (changes) => write({ ...state.view, ...changes });

  /* What is compared: {kind, heatBefore} and, as far as they are chosen, label, model, otherLabel, film. */
  function compare(changes) {
    set({ compare: Object.freeze({ ...state.view.compare, ...changes }) });
    return state.view.compare;
  }

  return { PLAIN, set, compare };
})();
