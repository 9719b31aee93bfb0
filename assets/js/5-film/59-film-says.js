/* Under the toolbar: what a film's file says of it, and, where the server shows it, who the patient is.
 *
 * That is no answer of a model: it need not wait for the reader's own reading. Names are asked for film by film,
 * stay in this script for as long as the film is in the list, and are written nowhere else. */
"use strict";

cxr.filmSays = (() => {
  const { state, byId, element } = cxr;
  const { t } = cxr.words;
  const TRY_AGAIN_AFTER_MS = 3000;
  const patients = new Map(); // film key -> who it is, in a line; empty until it is known, and where nobody says
  let shown = "";

  /* Asked for once, where the server shows it at all. */
  function patient(item) {
    if (!state.settings.show_identity) return "";
    if (!patients.has(item.film)) {
      patients.set(item.film, "");
      fetchPatient(item.film);
    }
    return patients.get(item.film);
  }

  async function fetchPatient(film) {
    try {
      const reply = await fetch(cxr.url(`/films/${film}/patient.json`), { cache: "no-store" });
      if (!reply.ok) return; // the film is gone, as its picture will say
      const { line } = await reply.json();
      if (patients.has(film)) patients.set(film, line);
      cxr.changed();
    } catch {
      setTimeout(() => {
        patients.delete(film);
        cxr.changed();
      }, TRY_AGAIN_AFTER_MS);
    }
  }

  function forgetOthers() {
    const kept = new Set(state.films.map((item) => item.film));
    for (const film of patients.keys()) if (!kept.has(film)) patients.delete(film);
  }

  function partsOf(item) {
    const answer = cxr.heard(item);
    const file = (answer && answer.file) || { line: "", mirrored: false };
    return { patient: patient(item), line: file.line, mirrored: file.mirrored ? t("may be mirrored") : "" };
  }

  /* One entry a film on the screen: with a prior beside it, two, each over its own. */
  function entries() {
    const films = [...new Set(cxr.compare.panes().map((pane) => pane.item))];
    return films.map((item) => ({ id: item.id, ...partsOf(item) }));
  }

  function entryNode({ patient: who, line, mirrored }) {
    const part = (name, text) => element("span", { class: name, text });
    const nodes = [];
    if (who) nodes.push(part("film-patient", who));
    if (line) nodes.push(part("film-facts", line));
    if (mirrored) nodes.push(part("film-mirrored", mirrored));
    return element("div", { class: "film-entry", title: nodes.map((node) => node.textContent).join(" · ") }, nodes);
  }

  function paint() {
    const node = byId("film-says");
    if (!node) return;
    forgetOthers();
    const found = entries();
    const any = found.some(({ patient: who, line, mirrored }) => who || line || mirrored);
    const wanted = any ? JSON.stringify(found) : "";
    if (wanted === shown) return;
    shown = wanted;
    node.hidden = !any;
    byId("viewer").classList.toggle("says", any);
    node.replaceChildren(...(any ? found.map(entryNode) : []));
  }

  cxr.painters.push(paint);
  return { forgetOthers };
})();
