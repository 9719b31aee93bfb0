/* The page's state, and how its parts hear of a change.
 *
 * Dash builds the page and answers questions about films. What only changes the picture or the reading of a
 * figure happens here. Scripts write text with textContent and styles with the CSSOM only, so that the content
 * security policy can stay strict; they write only into nodes that the Python views leave empty.
 *
 * A part imports from parts before it, and from no other. What it has to say to later ones it tells, and they listen. */
const state = /** @type {State} */ ({}); // what all may read; each field has one writer
const painters = /** @type {((state: State) => void)[]} */ ([]);
const shortcuts = /** @type {Map<string, Shortcut>} */ (new Map()); // by key
const listeners = /** @type {Map<keyof Events, ((...details: any) => void)[]>} */ (new Map()); // event -> what hears of it
let scheduled = false;

/** @param {any} value */
const plain = (value) => Array.isArray(value) || (Boolean(value) && Object.getPrototypeOf(value) === Object.prototype);

/** Add a field to the state. Who adds it alone can write it, with the function that this returns: it takes a new value,
 * and keeps it from being changed in place.
 * @template {keyof State} F
 * @param {F} field
 * @param {State[F]} first
 * @returns {(next: State[F]) => State[F]}
 */
function addField(field, first) {
  if (field in state) throw new Error(`the field ${field} has a writer`);
  let value = first;
  /** @param {State[F]} next */
  const write = (next) => (value = plain(next) ? /** @type {State[F]} */ (Object.freeze(next)) : next);
  write(first);
  Object.defineProperty(state, field, { enumerable: true, get: () => value });
  return write;
}

const begin = addField("settings", null); // limits and colour tables
const setBuilt = addField("built", false);

/** What has to be there.
 * @template T
 * @param {T} value
 * @param {string} name
 * @returns {NonNullable<T>}
 * @throws {Error} by its name, where it is not
 */
function present(value, name) {
  if (value === null || value === undefined) throw new Error(`there is no ${name}`);
  return value;
}

/** The page's settings.
 * @returns {Settings}
 * @throws {Error} before they have come
 */
const pageSettings = () => present(state.settings, "settings");

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

/** Hear of an event, in the order of the parts.
 * @template {keyof Events} E
 * @param {E} event
 * @param {(...details: Events[E]) => void} fn
 */
function listen(event, fn) {
  const known = listeners.get(event);
  if (known) known.push(fn);
  else listeners.set(event, [fn]);
}

/** Say an event to who listens, before this returns.
 * @template {keyof Events} E
 * @param {E} event
 * @param {Events[E]} details
 */
function tell(event, ...details) {
  for (const fn of listeners.get(event) || []) fn(...details);
}

/** Give a key to an action; `help` is a sentence for the overlay, and without one the key is not listed.
 * `group` is one of "film", "list", "findings", "page"; `shown` what the overlay calls the key.
 * @param {string} name
 * @param {Shortcut["group"]} group
 * @param {string} help
 * @param {() => void} action
 * @param {string} [shown]
 */
function onKey(name, group, help, action, shown = name.length === 1 ? name.toUpperCase() : name) {
  if (shortcuts.has(name)) throw new Error(`the key ${name} is taken`);
  shortcuts.set(name, { group, help, action, shown });
}

/** The element of an id, or null where there is none: before its part of the page has come, or after it went.
 * @template {string} K
 * @param {K} id
 * @returns {ById<K> | null}
 */
const ifThere = (id) => /** @type {any} */ (document.getElementById(id));

/** The element of an id that has to be there.
 * @template {string} K
 * @param {K} id
 * @returns {ById<K>}
 * @throws {Error} by its id, where it is not
 */
const byId = (id) => present(ifThere(id), `#${id}`);

/** The first element below a node that fits, and has to be there.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {ParentNode} node
 * @param {string} selectors
 * @returns {E}
 * @throws {Error} by the selectors, where it is not
 */
const inside = (node, selectors) => present(/** @type {E | null} */ (node.querySelector(selectors)), selectors);

/** The element around what an event came from that fits; null where none does, or where it came from no element.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {Event} event
 * @param {string} selectors
 * @returns {E | null}
 */
const around = ({ target }, selectors) => (target instanceof Element ? target.closest(selectors) : null);

/** What draws on a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [options]
 * @returns {CanvasRenderingContext2D}
 * @throws {Error} where the browser has no memory for it
 */
const pen = (canvas, options) => present(canvas.getContext("2d", options), "canvas to draw on");

/** Run fn once the node exists: Dash may render it a moment after it hands over the data, and on a busy machine
 * much later; a minute on, something else is wrong.
 * @param {string} selector
 * @param {(node: HTMLElement) => void} fn
 * @param {number} [tries]
 */
function whenPresent(selector, fn, tries = 4000) {
  const node = document.querySelector(selector);
  if (node) fn(node);
  else if (tries > 0) setTimeout(() => whenPresent(selector, fn, tries - 1), 15);
}

/**
 * @template {string} K
 * @param {K} tag
 * @param {Attributes} [attributes] `text` and `on…` apart; false, null and undefined leave an attribute out
 * @param {(Node | string)[]} [children]
 * @returns {K extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[K] : HTMLElement}
 */
function element(tag, attributes = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice("on".length), value);
    else if (name === "text") node.textContent = String(value ?? "");
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return /** @type {any} */ (node);
}

/**
 * @param {Node | null} node
 * @param {string} text
 */
function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/* Where the app is mounted; "/" unless a proxy says otherwise. */
let prefix = "";

/**
 * @param {string} path
 * @returns {string}
 */
function url(path) {
  if (!prefix) {
    const config = ifThere("_dash-config");
    prefix = (config && JSON.parse(config.textContent).requests_pathname_prefix) || "/";
  }
  return prefix.replace(/\/$/, "") + path;
}

/** Give Dash the content of one of its stores.
 * @template {keyof Stores} K
 * @param {K} id
 * @param {Stores[K]} data
 */
function store(id, data) {
  window.dash_clientside.set_props(id, { data });
}

export {
  state, addField, begin, allBuilt, painters, shortcuts, onKey, changed, listen, tell, present, pageSettings, byId, ifThere,
  inside, around, pen, whenPresent, element, setText, url, store,
};
