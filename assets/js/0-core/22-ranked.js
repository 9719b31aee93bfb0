/* The findings of an answer in their order, and the one in view. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;
  const { scale } = cxr.statistics;
  const chosen = new Map(); // "model/film" -> label key, where the reader chose one
  cxr.own("chosenLabels", chosen);

  /* Labels with their probability and how far above (or below) their cut, best first by settled cuts. */
  function ranked(answer) {
    return cxr.labels()
      .map((one) => {
        // what is called, and in which order, hangs on the model's own scale; what is read, on the reader's prevalence
        const own = answer.probabilities[one.key];
        const cut = cxr.threshold(one.key);
        return {
          ...one,
          ...cxr.prevalence.shown(answer, one.key),
          above: own >= cut,
          margin: scale(own) - scale(cut),
          settledMargin: scale(own) - scale(cxr.settledThreshold(one.key)),
        };
      })
      .sort((a, b) => b.settledMargin - a.settledMargin);
  }

  /* The label the reader chose on this film, else the one furthest above its cut. */
  function label() {
    if (!state.facts) return null;
    const item = cxr.row();
    const own = chosen.get(cxr.key(state.facts.id, item ? item.film : ""));
    if (own) return own;
    const answer = cxr.answerOf(item);
    if (!answer || answer.error) return cxr.labels()[0].key;
    const order = ranked(answer);
    return (order.find((one) => !one.summary && one.settledMargin >= 0) || order[0]).key;
  }

  function chooseLabel(labelKey) {
    const item = cxr.row();
    chosen.set(cxr.key(state.facts.id, item ? item.film : ""), labelKey);
    cxr.changed();
  }

  /* As [id, label key], from before the page came again. */
  const recallLabels = (kept) => kept.forEach(([id, labelKey]) => chosen.set(id, labelKey));

  return { ranked, label, chooseLabel, recallLabels };
})());
