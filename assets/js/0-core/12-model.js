/* The chosen model: its labels and its operating points. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;
  const setFacts = cxr.own("facts", null); // labels, operating points, held-out probabilities
  const modelLate = cxr.own("lateModel", false); // the selector names a model whose facts have not come

  /* `late`: the list waits for another model than the one that came. */
  function takeModel(facts, late) {
    setFacts(facts);
    modelLate(late);
  }

  const labels = () => (state.facts ? state.facts.labels : []);
  const point = (pointKey) => state.facts.operating_points.find((item) => item.key === pointKey);
  const nameOf = (labelKey) => (labels().find((item) => item.key === labelKey) || { name: labelKey }).name;
  const defaultThreshold = (labelKey) => point(state.facts.default_operating_point).thresholds[labelKey];

  return { takeModel, modelLate, labels, point, nameOf, defaultThreshold };
})());
