/* The cuts in force: the model's own, or where the reader moved them. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;

  const within = (cuts, labelKey) => (cuts && labelKey in cuts ? cuts[labelKey] : cxr.defaultThreshold(labelKey));
  const threshold = (labelKey) => within(state.thresholds[state.facts.id], labelKey);

  /* The cut by which findings are in order: that of the moment when the film came into view. */
  const settledThreshold = (labelKey) => within(state.settled[state.facts.id], labelKey);

  /* Whether the reader moved this cut. */
  const isOwnCut = (labelKey) => Math.abs(threshold(labelKey) - cxr.defaultThreshold(labelKey)) > 1e-9;

  function setThresholds(changes) {
    const model = state.facts.id;
    state.thresholds = { ...state.thresholds, [model]: { ...state.thresholds[model], ...changes } };
    cxr.store("thresholds", state.thresholds);
    cxr.tell("cuts");
    cxr.changed();
  }

  cxr.listen("selected", () => (state.settled = state.thresholds));

  return { threshold, settledThreshold, isOwnCut, setThresholds };
})());
