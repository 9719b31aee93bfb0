/* The list outlives a reload, a change of language and a restarted tab, and ends with the tab.
 *
 * The browser's session storage holds keys and figures of rows, for their own user alone, and no pixels. Answers are
 * asked for again; the server remembers them. Other parts of the page add a piece of their own with
 * `part(name, {save, load})`: what `save` returns comes back to `load`, as JSON. */
import { byId, listen, pageSettings, painters, state } from "../0-core/00-core.js";
import * as language from "../0-core/11-language.js";
import { putInView } from "../0-core/13-films.js";
import { showAnyway } from "../0-core/15-answers.js";
import { recallLabels } from "../0-core/22-ranked.js";
import * as analysis from "./30-analysis.js";
import * as deletions from "./31-deletions.js";
import * as upload from "./31-upload.js";

const NAME = "cxr-session";
const VERSION = 1;
const SAVE_WITHIN_MS = 400;
const FIELDS = /** @type {const} */ ([
  "id", "number", "film", "sha", "size", "width", "height", "levels", "status", "phantom", "addedAt", "keptAt",
  "read", "sameAs", "patient", "taken", "day_only", "message", "remedy", "problem", "code", "final", "lost",
]);
const parts = /** @type {Map<string, { save: () => unknown, load: (kept: any) => void }>} */ (new Map());
let kept = /** @type {KeptSession | null} */ (null); // what was found when the page came
let wanted = /** @type {string | null} */ (null); // the model to go back to, until it is there
let started = false;
let timer = 0; // 0 while none runs
let written = /** @type {string | null} */ (null); // not known yet: what an earlier page left may have to go
let leaves = false; // the page is about to come again: an empty list's model is kept too

/** `own`: {save, load}.
 * @param {string} name
 * @param {{ save: () => unknown, load: (kept: any) => void }} own
 */
function part(name, own) {
  parts.set(name, own);
  if (started && kept && name in kept.parts) own.load(kept.parts[name]);
}

/** @returns {KeptSession | null} */
function read() {
  try {
    const found = JSON.parse(window.sessionStorage.getItem(NAME) ?? "null");
    if (!found || found.version !== VERSION) return null;
    if ((found.reader || "") === pageSettings().reader) return found;
    window.sessionStorage.removeItem(NAME); // of whoever signed in before
    return null;
  } catch {
    return null; // forbidden, or not ours: the page begins empty
  }
}

/** @param {Row} item */
const picked = (item) => Object.fromEntries(FIELDS.filter((name) => item[name] !== undefined).map((name) => [name, item[name]]));

function text() {
  return JSON.stringify({
    version: VERSION,
    reader: pageSettings().reader,
    films: state.films.map(picked),
    rows: upload.given(),
    selected: state.selected,
    model: byId("model").value,
    chosenLabels: [...state.chosenLabels],
    showRejected: [...state.showRejected],
    parts: Object.fromEntries([...parts].map(([name, one]) => [name, one.save()])),
  });
}

/* Write now; an empty list leaves nothing behind but what is still to be deleted. */
function save() {
  clearTimeout(timer);
  timer = 0;
  if (!started) return;
  const now = state.films.length || leaves || deletions.owed().length ? text() : "";
  if (now === written) return;
  written = now;
  try {
    if (now) window.sessionStorage.setItem(NAME, now);
    else window.sessionStorage.removeItem(NAME);
  } catch {
    // forbidden or full: the list then lasts until a reload, and nothing else suffers
  }
}

/** @param {KeptSession} found */
function restore(found) {
  const { films, selected, model } = found;
  upload.restore(films, found.rows);
  putInView(films.some((item) => item.id === selected) ? selected : (films[0]?.id ?? null));
  recallLabels(found.chosenLabels);
  for (const id of found.showRejected) showAnyway(id);
  for (const [name, { load }] of parts) if (name in found.parts) load(found.parts[name]);
  const select = byId("model");
  const offered = [...select.options].some((option) => option.value === model && !option.disabled);
  if (!offered || select.value === model) return;
  wanted = model;
  select.addEventListener("change", () => (wanted = null), { once: true });
  analysis.turnTo(model);
}

/** Whether the model that has come is not the one the list was read with: no question is put to it.
 * @param {string} model
 * @returns {boolean}
 */
function awaits(model) {
  if (wanted === model) wanted = null;
  return wanted !== null;
}

function start() {
  kept = read();
  if (kept) restore(kept);
  started = true;
  language.leaving.push(() => {
    leaves = true;
    save();
  });
  window.addEventListener("pagehide", save);
}

painters.push(() => {
  if (!timer) timer = setTimeout(save, SAVE_WITHIN_MS);
});

/* Nothing is left, and nothing more is written. */
function end() {
  started = false;
  window.sessionStorage.removeItem(NAME);
}

listen("removed", save);
listen("other-reader", end);

export { part, save, start, awaits };
