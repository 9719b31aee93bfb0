/* Asking the server about films, one at a time, the film in view first; and noticing when it does not answer. */
"use strict";

cxr.analysis = (() => {
  const { state } = cxr;
  const LOST_AFTER_MS = 4000;
  const PROBE_EVERY_MS = 2500;
  const GIVE_UP_AFTER_MS = 90000;
  let pending = null;
  let serial = 0;
  let probing = false;

  const unanswered = (item) => item.status === "kept" && !cxr.answerOf(item);

  /* Ask the next question unless one is under way. */
  function next() {
    if (!state.facts || state.serverLost) return;
    if (pending && pending.model === state.facts.id) return;
    const selected = cxr.row();
    const item = selected && unanswered(selected) ? selected : state.films.find(unanswered);
    if (!item) return;
    ask(item);
  }

  function ask(item) {
    pending = { film: item.film, model: state.facts.id, serial: ++serial };
    cxr.store("question", pending);
    watch(pending, Date.now());
  }

  /* A question that stays open is followed by a look at the server's health. */
  function watch(question, since) {
    setTimeout(async () => {
      if (pending !== question) return;
      if (!(await alive())) {
        lost();
      } else if (Date.now() - since > GIVE_UP_AFTER_MS) {
        answered({
          film: question.film,
          model: question.model,
          error: { code: "no_answer", message: "The server gave no answer for this film.", remedy: "Try again." },
        });
      } else watch(question, since);
    }, LOST_AFTER_MS);
  }

  function answered(answer) {
    if (!answer) return;
    state.answers.set(cxr.key(answer.model, answer.film), answer);
    const item = state.films.find((candidate) => candidate.film === answer.film);
    // who asks for the drawn phantom wants to see the figures, whatever a model thinks of the drawing
    if (item && item.phantom) state.showRejected.add(cxr.key(answer.model, answer.film));
    if (pending && pending.film === answer.film && pending.model === answer.model) pending = null;
    next();
    cxr.changed();
  }

  function forget(item) {
    for (const known of [...state.answers.keys()]) if (known.endsWith(`/${item.film}`)) state.answers.delete(known);
    if (pending && pending.film === item.film) pending = null;
  }

  /* Ask again about a film whose answer was an error. */
  function retry(item) {
    forget(item);
    next();
    cxr.changed();
  }

  async function alive() {
    try {
      return (await fetch(cxr.url("/healthz"), { cache: "no-store" })).ok;
    } catch {
      return false;
    }
  }

  /* The list stays; the page looks for the server until it is back, then goes on where it stopped. */
  function lost() {
    state.serverLost = true;
    pending = null;
    cxr.changed();
    if (probing) return;
    probing = true;
    const probe = async () => {
      if (!(await alive())) {
        setTimeout(probe, PROBE_EVERY_MS);
        return;
      }
      probing = false;
      state.serverLost = false;
      cxr.upload.resumeAfterLoss();
      next();
      cxr.changed();
    };
    setTimeout(probe, PROBE_EVERY_MS);
  }

  return { next, answered, forget, retry, lost };
})();
