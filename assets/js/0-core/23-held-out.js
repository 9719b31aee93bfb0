/* The films on which a cut's consequences are counted, and how common a finding is said to be. */
"use strict";

cxr.heldOut = (() => {
  const { state } = cxr;
  const write = cxr.own("splits", {}); // model -> index of the held-out split, where the reader chose one
  const { t, N_ } = cxr.words;
  const SPLITS = {
    test: N_("same sources, new patients"), external: N_("other hospitals"), val: N_("films the cuts were chosen on"),
    natural: N_("test films at natural prevalence"),
  };

  const splitName = (name) => (name in SPLITS ? t(SPLITS[name]) : name);

  /* Fewer films than these say nothing about a label: two films give a sensitivity of 0, 50 or 100 %. */
  const enough = (held, label) =>
    Math.min(held.positives[label].length, held.negatives[label].length) >= state.settings.rules.fewest_films;

  /* Where a model was measured in other hospitals, those figures come first: they are the ones to expect. */
  function splitIndex(label) {
    const chosen = state.splits[state.facts.id];
    if (chosen !== undefined) return chosen;
    const elsewhere = (held) => held.split === "external" && enough(held, label);
    return Math.max(0, state.facts.held_out.findIndex(elsewhere));
  }

  const choose = (index) => write({ ...state.splits, [state.facts.id]: index });
  const forget = () => write(Object.fromEntries(Object.entries(state.splits).filter(([model]) => model !== state.facts.id)));

  const split = (label) => state.facts.held_out[splitIndex(label)];

  /* The same whichever split is shown, so that predictive values can be compared. */
  const prevalence = (label) => Math.min(0.99, Math.max(0.001, cxr.prevalence.wanted(label)));

  return { choose, forget, split, splitIndex, splitName, prevalence };
})();
