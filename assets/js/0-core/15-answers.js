/* What the model said of the films, and the one gate before it. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;

  const key = (model, film) => `${model}/${film}`;

  /* What the model said of a film, shown or not. For the part that asks and for the rule below, not for the screen. */
  const heard = (item) =>
    (item && item.film && state.facts && !state.lateModel && state.answers.get(key(state.facts.id, item.film))) || null;

  /* The one gate before everything that is shown, spoken or saved: films whose answer has to wait (40-read-first.js). */
  let waits = () => false;
  const hideWhile = (rule) => (waits = rule);
  const hidden = (item) => Boolean(item) && waits(item);
  const answerOf = (item) => (hidden(item) ? null : heard(item));

  /* The film was read, and judged fit for it or shown in spite of the verdict. */
  const readable = (item, answer) =>
    Boolean(answer) && !answer.error &&
    (answer.quality.verdict !== "reject" ||
      (!answer.quality.withheld && state.showRejected.has(key(answer.model, item.film))));

  const figuresShown = (item, answer) => readable(item, answer) && !hidden(item);

  return { key, heard, hideWhile, hidden, answerOf, readable, figuresShown };
})());
