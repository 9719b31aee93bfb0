/* The cuts in force: the model's own, or where the reader moved them. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;
  const setMoved = cxr.own("thresholds", {}); // model -> label -> probability, where the reader moved it
  const settle = cxr.own("settled", {}); // the same as it was when the film came into view: rows keep their order meanwhile

  const within = (cuts, labelKey) => (cuts && labelKey in cuts ? cuts[labelKey] : cxr.defaultThreshold(labelKey));
  const threshold = (labelKey) => within(state.thresholds[state.facts.id], labelKey);

  /* The cut by which findings are in order: that of the moment when the film came into view. */
  const settledThreshold = (labelKey) => within(state.settled[state.facts.id], labelKey);

  /* Whether the reader moved this cut. */
  const isOwnCut = (labelKey) => Math.abs(threshold(labelKey) - cxr.defaultThreshold(labelKey)) > 1e-9;

  /* Take up a model's cuts that the reader moved before. */
  function recallThresholds(model, cuts) {
    setMoved({ ...state.thresholds, [model]: cuts });
    cxr.store("thresholds", state.thresholds);
  }

  function setThresholds(changes) {
    const model = state.facts.id;
    recallThresholds(model, { ...state.thresholds[model], ...changes });
    cxr.tell("cuts");
    cxr.changed();
  }

  const settleCuts = () => settle(state.thresholds);
  cxr.listen("selected", settleCuts);

  return { threshold, settledThreshold, isOwnCut, setThresholds, recallThresholds, settleCuts };
})());
