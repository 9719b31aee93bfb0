/* What the server is told when a list is taken away, and what the ZIP tells as it comes. */
"use strict";

cxr.exportBody = (() => {
  const { state } = cxr;
  const { t } = cxr.words;

  /* Films by the model in force, with the cuts, colours and readings of this screen; no name of a file. */
  function of(films) {
    const { facts, view, splits } = state;
    const split = splits[facts.id];
    return {
      model: facts.id,
      thresholds: Object.fromEntries(cxr.labels().map(({ key }) => [key, cxr.threshold(key)])),
      prevalences: Object.fromEntries(
        cxr.labels().filter(({ key }) => cxr.prevalence.isOwn(key)).map(({ key }) => [key, cxr.prevalence.wanted(key)]),
      ),
      split: split === undefined ? null : facts.held_out[split].split,
      colour_map: view.colourMap,
      opacity: view.opacity,
      agreement: cxr.readFirst.figures(),
      films: films.map(film),
    };
  }

  function film(item) {
    const about = { number: item.number, read: Boolean(item.read), opinion: opinion(item) };
    const problem = missing(item);
    if (problem) return { ...about, problem, problem_code: code(item) };
    const key = cxr.key(state.facts.id, item.film);
    const inView = item === cxr.row() ? cxr.label() : null;
    return {
      ...about,
      film: item.film,
      label: state.chosenLabels.get(key) || inView,
      anyway: state.showRejected.has(key),
    };
  }

  /* Why a film has no figures to take away, though it is in the list. */
  function missing(item) {
    if (item.status === "failed") return `${item.message} ${item.remedy || ""}`.trim();
    if (!item.film) return t("This film is not on the server.");
    return cxr.hidden(item) ? t("Waits for its reader: the model's answer is held back.") : "";
  }

  /* The same as a code: the server's own where it refused the file. */
  function code(item) {
    if (item.status !== "failed") return item.film ? "held_back" : "case_not_found";
    if (item.problem === null) return item.code || "";
    return ["large", "refused"].includes(item.problem) ? "film_too_large" : "not_sent";
  }

  function opinion(item) {
    const own = cxr.readFirst.opinion(item);
    const said = ({ normal, labels, at, unsure }) => ({ normal, labels, at, unsure });
    return own ? { ...said(own), seen_before: own.seenBefore, after: own.after ? said(own.after) : null } : null;
  }

  /* Tells the number of each film whose folder begins in the pieces of a ZIP: its entries start with PK 3 4 and
   * have their names 30 bytes on. Pieces end anywhere, so the last bytes of each are looked at again. */
  function filmsIn(found) {
    const KEPT = 30 + 64;
    const text = new TextDecoder();
    let before = new Uint8Array(0);
    let last = null;
    return (piece) => {
      const bytes = new Uint8Array(before.length + piece.length);
      bytes.set(before);
      bytes.set(piece, before.length);
      for (let at = bytes.indexOf(80); at >= 0 && at + KEPT <= bytes.length; at = bytes.indexOf(80, at + 1)) {
        if (bytes[at + 1] !== 75 || bytes[at + 2] !== 3 || bytes[at + 3] !== 4) continue;
        const folder = /^film-(\d+)-/.exec(text.decode(bytes.subarray(at + 30, at + KEPT)));
        if (!folder || folder[1] === last) continue;
        last = folder[1];
        found(Number(last));
      }
      before = bytes.slice(Math.max(0, bytes.length - KEPT));
    };
  }

  return { of, filmsIn };
})();
