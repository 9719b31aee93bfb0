/* The page's state, and how its parts hear of a change.
 *
 * Dash builds the page and answers questions about films. What only changes the picture or the reading of a
 * figure happens here. Scripts write text with textContent and styles with the CSSOM only, so that the content
 * security policy can stay strict; they write only into nodes that the Python views leave empty.
 *
 * A part calls the parts loaded before it, and no other. What it has to say to later ones it tells, and they listen. */
"use strict";

window.cxr = (() => {
  const state = {
    settings: null, // limits and colour tables
    built: false, // every part has its nodes; before that nothing is painted
    facts: null, // the chosen model: labels, operating points, held-out probabilities
    films: [], // rows: {id, number, status, film, width, height, message, remedy, ...}
    selected: null, // row id
    answers: new Map(), // "model/film" -> what the model said
    chosenLabels: new Map(), // "model/film" -> label key, where the reader chose one
    thresholds: {}, // model -> label -> probability, where the reader moved it
    prevalences: {}, // model/label -> share, where the reader changed it
    splits: {}, // model -> index of the held-out split
    settled: {}, // thresholds as they were when the film came into view: rows keep their order while one moves
    showRejected: new Set(), // "model/film" whose figures were asked for in spite of the verdict
    expanded: false, // findings below their cut shown
    serverLost: false,
    lateModel: false, // the selector names a model whose facts have not come
    view: { opacity: 0.6, colourMap: null }, // and what 55-view.js adds
  };
  const painters = [];
  const shortcuts = new Map(); // key -> {group, help, action, shown}
  const listeners = new Map(); // event -> what hears of it
  let scheduled = false;

  /* Repaint once before the next frame, however often called. */
  function changed() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      if (!state.built) return;
      for (const paint of painters) paint(state);
    });
  }

  /* Hear of an event, in the order of the parts: "selected", "cuts", "server-back", "progress", "removed", "film-gone",
   * "set-aside", "reveal", "lay". */
  function listen(event, fn) {
    if (!listeners.has(event)) listeners.set(event, []);
    listeners.get(event).push(fn);
  }

  /* Say an event to who listens, before this returns. */
  function tell(event, detail) {
    for (const fn of listeners.get(event) || []) fn(detail);
  }

  /* Give a key to an action; `help` is a sentence for the overlay, and without one the key is not listed.
   * `group` is one of "film", "list", "findings", "page"; `shown` what the overlay calls the key. */
  function onKey(name, group, help, action, shown = name.length === 1 ? name.toUpperCase() : name) {
    if (shortcuts.has(name)) throw new Error(`the key ${name} is taken`);
    shortcuts.set(name, { group, help, action, shown });
  }

  const byId = (id) => document.getElementById(id);

  /* Run fn once the node exists: Dash may render it a moment after it hands over the data, and on a busy machine
   * much later; a minute on, something else is wrong. */
  function whenPresent(selector, fn, tries = 4000) {
    const node = document.querySelector(selector);
    if (node) fn(node);
    else if (tries > 0) setTimeout(() => whenPresent(selector, fn, tries - 1), 15);
  }

  function element(tag, attributes = {}, children = []) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "text") node.textContent = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  function setText(node, text) {
    if (node && node.textContent !== text) node.textContent = text;
  }

  /* Where the app is mounted; "/" unless a proxy says otherwise. */
  let prefix = null;
  function url(path) {
    if (prefix === null) {
      const config = byId("_dash-config");
      prefix = (config && JSON.parse(config.textContent).requests_pathname_prefix) || "/";
    }
    return prefix.replace(/\/$/, "") + path;
  }

  function store(id, data) {
    window.dash_clientside.set_props(id, { data });
  }

  return { state, painters, shortcuts, onKey, changed, listen, tell, byId, whenPresent, element, setText, url, store };
})();
