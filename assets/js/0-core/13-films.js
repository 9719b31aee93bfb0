/* The film in view among those of the list. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;

  const row = () => state.films.find((item) => item.id === state.selected) || null;

  function select(id) {
    if (state.selected === id) return;
    state.selected = id;
    cxr.tell("selected");
    cxr.changed();
  }

  /* The row that takes a row's place when it goes. The list's order says which, by the rule of 34-listing.js. */
  let follows = () => null;
  const followBy = (rule) => (follows = rule);
  const beside = (item) => follows(item);

  return { row, select, followBy, beside };
})());
