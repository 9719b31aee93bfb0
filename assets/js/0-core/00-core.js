/* The page's state, and how its parts hear of a change.
 *
 * Dash builds the page and answers questions about films. What only changes the picture or the reading of a
 * figure happens here. Scripts write text with textContent and styles with the CSSOM only, so that the content
 * security policy can stay strict; they write only into nodes that the Python views leave empty.
 *
 * A part calls the parts loaded before it, and no other. What it has to say to later ones it tells, and they listen. */
"use strict";

window.cxr = (() => {
  const state = {}; // what all may read; each field has one writer
  const painters = [];
  const shortcuts = new Map(); // key -> {group, help, action, shown}
  const listeners = new Map(); // event -> what hears of it
  let scheduled = false;

  const plain = (value) => Array.isArray(value) || (Boolean(value) && Object.getPrototypeOf(value) === Object.prototype);

  /* Add a field to the state. Who adds it alone can write it, with the function that this returns: it takes a new value,
   * and keeps it from being changed in place. */
  function own(field, first) {
    if (field in state) throw new Error(`the field ${field} has a writer`);
    let value = null;
    const write = (next) => (value = plain(next) ? Object.freeze(next) : next);
    write(first);
    Object.defineProperty(state, field, { enumerable: true, get: () => value });
    return write;
  }

  const begin = own("settings", null); // limits and colour tables
  const setBuilt = own("built", false);

  /* Every part has its nodes; before that nothing is painted. */
  function allBuilt() {
    setBuilt(true);
    changed();
  }

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

  return {
    state, own, begin, allBuilt, painters, shortcuts, onKey, changed, listen, tell, byId, whenPresent, element, setText, url, store,
  };
})();
