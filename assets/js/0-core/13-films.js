/* The rows of the list, and the one in view. */
"use strict";

Object.assign(cxr, (() => {
  const { state } = cxr;
  const setFilms = cxr.own("films", []); // {id, number, status, film, width, height, message, remedy, ...}
  const putInView = cxr.own("selected", null); // row id

  const addRow = (item) => setFilms([...state.films, item]);
  const takeRowOut = (item) => setFilms(state.films.filter((other) => other !== item));

  const row = () => state.films.find((item) => item.id === state.selected) || null;

  /* As the reader does it; a film that comes into view because another went is put there in silence. */
  function select(id) {
    if (state.selected === id) return;
    putInView(id);
    cxr.tell("selected");
    cxr.changed();
  }

  /* The row that takes a row's place when it goes. The list's order says which, by the rule of 34-listing.js. */
  let follows = () => null;
  const followBy = (rule) => (follows = rule);
  const beside = (item) => follows(item);

  return { row, addRow, takeRowOut, putInView, select, followBy, beside };
})());
