/* What the model said of the films, and the one gate before it. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;
  const answers = new Map(); // "model/film" -> what the model said
  const anyway = new Set(); // "model/film" whose figures were asked for in spite of the verdict
  cxr.own("answers", answers);
  cxr.own("showRejected", anyway);

  const key = (model, film) => `${model}/${film}`;

  /* What the model said of a film, shown or not. For the part that asks and for the rule below, not for the screen. */
  const heard = (item) =>
    (item && item.film && state.facts && !state.lateModel && state.answers.get(key(state.facts.id, item.film))) || null;

  const hear = (answer) => answers.set(key(answer.model, answer.film), answer);

  function forgetAnswers(film) {
    for (const known of answers.keys()) if (known.endsWith(`/${film}`)) answers.delete(known);
  }

  const showAnyway = (id, shown = true) => (shown ? anyway.add(id) : anyway.delete(id));

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

  return { key, heard, hear, forgetAnswers, showAnyway, hideWhile, hidden, answerOf, readable, figuresShown };
})());
