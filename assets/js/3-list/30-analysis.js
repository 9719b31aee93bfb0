/* Asking the server about films, one at a time, the film in view first; and noticing when it does not answer. */
"use strict";

cxr.analysis = (() => {
  const { state } = cxr;
  const setLost = cxr.own("serverLost", false);
  const { t } = cxr.words;
  const LOST_AFTER_MS = 4000;
  const ASK_AGAIN_AFTER_MS = 7000;
  const PROBE_EVERY_MS = 2500;
  const GIVE_UP_AFTER_MS = 90000;
  let pending = null;
  let serial = 0;
  let probing = false;

  const unanswered = (item) => item.status === "kept" && !cxr.heard(item);

  /* Ask the next question unless one is under way. */
  function next() {
    if (!state.facts || state.serverLost || state.lateModel) return;
    if (pending && pending.model === state.facts.id) return;
    const selected = cxr.row();
    const item = selected && unanswered(selected) ? selected : state.films.find(unanswered);
    if (!item) return;
    ask(item.film, Date.now());
  }

  /* Put a question first asked at `since`. */
  function ask(film, since) {
    pending = { film, model: state.facts.id, serial: ++serial };
    cxr.store("question", pending);
    watch(pending, since, Date.now());
  }

  /* A question that stays open is followed by a look at the server's health. One that went down with a server
   * that is up again is put again: Dash does not say so, and the server answers from what it remembers. */
  function watch(question, since, asked) {
    setTimeout(async () => {
      if (pending !== question) return;
      const running = await alive();
      if (pending !== question) return;
      if (!running) {
        lost();
      } else if (Date.now() - since > GIVE_UP_AFTER_MS) {
        answered({
          film: question.film,
          model: question.model,
          error: { code: "no_answer", message: t("The server gave no answer for this film."), remedy: t("Try again.") },
        });
      } else if (Date.now() - asked > ASK_AGAIN_AFTER_MS && question.model === state.facts.id) {
        ask(question.film, since);
      } else watch(question, since, asked);
    }, LOST_AFTER_MS);
  }

  function answered(answer) {
    if (!answer) return;
    cxr.hear(answer);
    const item = state.films.find((candidate) => candidate.film === answer.film);
    // who asks for the drawn phantom wants to see the figures, whatever a model thinks of the drawing
    if (item && item.phantom) cxr.showAnyway(cxr.key(answer.model, answer.film));
    if (pending && pending.film === answer.film && pending.model === answer.model) pending = null;
    next();
    cxr.changed();
  }

  function forget(item) {
    cxr.forgetAnswers(item.film);
    if (pending && pending.film === item.film) pending = null;
  }

  /* What the server said instead of a picture or a download; when it keeps the film no more, the list learns it. */
  async function refusal(reply, film) {
    const known = await reply.json().then((body) => body.error, () => null);
    const message = t("The server answered {status}.", { status: reply.status });
    const error = known || { code: "status", message, remedy: t("Try again.") };
    const item = state.films.find((candidate) => candidate.film === film);
    if (error.code === "case_not_found" && item && state.facts) {
      forget(item);
      cxr.hear({ film, model: state.facts.id, error });
      cxr.changed();
    }
    return error;
  }

  function isGone(item) {
    const answer = cxr.heard(item);
    return Boolean(answer && answer.error && answer.error.code === "case_not_found");
  }

  /* The selector names a model that has not come: no figure of the earlier one may stand beside that name. */
  function modelChosen(wanted) {
    cxr.modelLate(false);
    awaitModel(wanted);
  }

  function awaitModel(wanted) {
    const waiting = () => cxr.byId("model").value === wanted && (!state.facts || state.facts.id !== wanted);
    setTimeout(async () => {
      if (!waiting()) return;
      cxr.modelLate(true);
      cxr.changed();
      if (!(await alive())) lost();
      else if (waiting()) window.dash_clientside.set_props("model", { value: wanted });
      awaitModel(wanted);
    }, LOST_AFTER_MS);
  }

  function start() {
    const select = cxr.byId("model");
    select.addEventListener("change", () => modelChosen(select.value));
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
    setLost(true);
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
      setLost(false);
      cxr.tell("server-back");
      next();
      cxr.changed();
    };
    setTimeout(probe, PROBE_EVERY_MS);
  }

  cxr.listen("selected", next);

  return { start, next, answered, awaitModel, forget, retry, lost, refusal, isGone };
})();
