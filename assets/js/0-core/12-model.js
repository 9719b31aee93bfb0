/* The chosen model: its labels and its operating points. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;

  const labels = () => (state.facts ? state.facts.labels : []);
  const point = (pointKey) => state.facts.operating_points.find((item) => item.key === pointKey);
  const nameOf = (labelKey) => (labels().find((item) => item.key === labelKey) || { name: labelKey }).name;
  const defaultThreshold = (labelKey) => point(state.facts.default_operating_point).thresholds[labelKey];

  return { labels, point, nameOf, defaultThreshold };
})());
