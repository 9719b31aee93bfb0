/* The list outlives a reload, a change of language and a restarted tab, and ends with the tab.
 *
 * The browser's session storage holds keys and figures of rows: no file name, which may be a patient's, and no
 * pixels. Answers are asked for again; the server remembers them. Other parts of the page add a piece of their own
 * with `part(name, {save, load})`: what `save` returns comes back to `load`, as JSON. */
"use strict";

cxr.session = (() => {
  const { state, byId } = cxr;
  const NAME = "cxr-session";
  const VERSION = 1;
  const SAVE_WITHIN_MS = 400;
  const FIELDS = [
    "id", "number", "film", "sha", "size", "width", "height", "status", "phantom", "keptAt", "read", "sameAs",
    "message", "remedy", "problem", "code", "final", "lost",
  ];
  const parts = new Map();
  let kept = null; // what was found when the page came
  let wanted = null; // the model to go back to, until it is there
  let started = false;
  let timer = null;
  let written = null; // not known yet: what an earlier page left may have to go
  let leaves = false; // the page is about to come again: an empty list's model is kept too

  /* `own`: {save, load}. */
  function part(name, own) {
    parts.set(name, own);
    if (started && kept && name in kept.parts) own.load(kept.parts[name]);
  }

  function read() {
    try {
      const found = JSON.parse(window.sessionStorage.getItem(NAME));
      return found && found.version === VERSION ? found : null;
    } catch {
      return null; // forbidden, or not ours: the page begins empty
    }
  }

  const picked = (item) => Object.fromEntries(FIELDS.filter((name) => item[name] !== undefined).map((name) => [name, item[name]]));

  function text() {
    return JSON.stringify({
      version: VERSION,
      films: state.films.map(picked),
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
    timer = null;
    if (!started) return;
    const now = state.films.length || leaves || cxr.deletions.owed().length ? text() : "";
    if (now === written) return;
    written = now;
    try {
      if (now) window.sessionStorage.setItem(NAME, now);
      else window.sessionStorage.removeItem(NAME);
    } catch {
      // forbidden or full: the list then lasts until a reload, and nothing else suffers
    }
  }

  function restore() {
    cxr.upload.restore(kept.films);
    cxr.putInView(kept.films.some((item) => item.id === kept.selected) ? kept.selected : (kept.films[0] || {}).id || null);
    cxr.recallLabels(kept.chosenLabels);
    for (const id of kept.showRejected) cxr.showAnyway(id);
    for (const [name, { load }] of parts) if (name in kept.parts) load(kept.parts[name]);
    const select = byId("model");
    const offered = [...select.options].some((option) => option.value === kept.model && !option.disabled);
    if (!offered || select.value === kept.model) return;
    wanted = kept.model;
    cxr.modelLate(true);
    select.addEventListener("change", () => (wanted = null), { once: true });
    window.dash_clientside.set_props("model", { value: wanted });
    cxr.analysis.awaitModel(wanted);
  }

  /* Whether the model that has come is not the one the list was read with: no question is put to it. */
  function awaits(model) {
    if (wanted === model) wanted = null;
    return wanted !== null;
  }

  function start() {
    kept = read();
    if (kept) restore();
    started = true;
    cxr.language.leaving.push(() => {
      leaves = true;
      save();
    });
    window.addEventListener("pagehide", save);
  }

  cxr.painters.push(() => {
    if (timer === null) timer = setTimeout(save, SAVE_WITHIN_MS);
  });

  cxr.listen("removed", save);

  return { part, save, start, awaits };
})();
