/* The page's state, and how its parts hear of a change.
 *
 * Dash builds the page and answers questions about films. What only changes the picture or the reading of a
 * figure happens here. Scripts write text with textContent and styles with the CSSOM only, so that the content
 * security policy can stay strict; they write only into nodes that the Python views leave empty.
 */
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

  // ---- questions about the state that several parts ask
  const key = (model, film) => `${model}/${film}`;
  const row = () => state.films.find((item) => item.id === state.selected) || null;

  /* What the model said of a film, shown or not. For the part that asks and for the rule below, not for the screen. */
  const heard = (item) =>
    (item && item.film && state.facts && !state.lateModel && state.answers.get(key(state.facts.id, item.film))) || null;

  /* The one gate before everything that is shown, spoken or saved: films whose answer has to wait (40-read-first.js). */
  let waits = () => false;
  const hideWhile = (rule) => (waits = rule);
  const hidden = (item) => Boolean(item) && waits(item);
  const answerOf = (item) => (hidden(item) ? null : heard(item));
  const labels = () => (state.facts ? state.facts.labels : []);
  const point = (pointKey) => state.facts.operating_points.find((item) => item.key === pointKey);

  function defaultThreshold(labelKey) {
    return point(state.facts.default_operating_point).thresholds[labelKey];
  }

  function threshold(labelKey) {
    const moved = state.thresholds[state.facts.id];
    return moved && labelKey in moved ? moved[labelKey] : defaultThreshold(labelKey);
  }

  function setThresholds(changes) {
    const model = state.facts.id;
    state.thresholds = { ...state.thresholds, [model]: { ...state.thresholds[model], ...changes } };
    store("thresholds", state.thresholds);
    cxr.choices.keep();
    changed();
  }

  /* The film was read, and judged fit for it or shown in spite of the verdict. */
  const readable = (item, answer) =>
    Boolean(answer) && !answer.error &&
    (answer.quality.verdict !== "reject" ||
      (!answer.quality.withheld && state.showRejected.has(key(answer.model, item.film))));

  const figuresShown = (item, answer) => readable(item, answer) && !hidden(item);

  /* The cut by which findings are in order. */
  function settledThreshold(labelKey) {
    const settled = state.settled[state.facts.id];
    return settled && labelKey in settled ? settled[labelKey] : defaultThreshold(labelKey);
  }

  /* Labels with their probability and how far above (or below) their cut, best first by settled cuts. */
  function ranked(answer) {
    return labels()
      .map((one) => {
        // what is called, and in which order, hangs on the model's own scale; what is read, on the reader's prevalence
        const own = answer.probabilities[one.key];
        const cut = threshold(one.key);
        const scale = cxr.statistics.scale;
        return {
          ...one,
          ...cxr.prevalence.shown(answer, one.key),
          above: own >= cut,
          margin: scale(own) - scale(cut),
          settledMargin: scale(own) - scale(settledThreshold(one.key)),
        };
      })
      .sort((a, b) => b.settledMargin - a.settledMargin);
  }

  /* The label the reader chose on this film, else the one furthest above its cut. */
  function label() {
    if (!state.facts) return null;
    const item = row();
    const chosen = state.chosenLabels.get(key(state.facts.id, item ? item.film : ""));
    if (chosen) return chosen;
    const answer = answerOf(item);
    if (!answer || answer.error) return labels()[0].key;
    const order = ranked(answer);
    return (order.find((one) => !one.summary && one.settledMargin >= 0) || order[0]).key;
  }

  function chooseLabel(labelKey) {
    const item = row();
    state.chosenLabels.set(key(state.facts.id, item ? item.film : ""), labelKey);
    changed();
  }

  function select(id) {
    if (state.selected === id) return;
    state.selected = id;
    state.settled = state.thresholds;
    cxr.analysis.next();
    changed();
  }

  const nameOf = (labelKey) => (labels().find((item) => item.key === labelKey) || { name: labelKey }).name;

  return {
    state, painters, shortcuts, onKey, changed, byId, whenPresent, element, setText, url, store, key, row,
    heard, hideWhile, hidden, answerOf, labels, point, defaultThreshold, threshold, setThresholds, readable, figuresShown,
    ranked, label, chooseLabel, select, nameOf,
  };
})();
