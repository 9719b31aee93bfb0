/* Asking the server about films, one at a time, the film in view first; and noticing when it does not answer. */
import { addField, byId, changed, listen, state, store, tell } from "../0-core/00-core.js";
import { t } from "../0-core/10-words.js";
import { modelFacts, modelLate } from "../0-core/12-model.js";
import { isKept, rowInView } from "../0-core/13-films.js";
import { answerKey, forgetAnswers, hear, heard, showAnyway } from "../0-core/15-answers.js";
import * as requests from "../0-core/16-requests.js";
import * as signedOut from "../0-core/16-signed-out.js";

const setLost = addField("serverLost", false);
const LOST_AFTER_MS = 4000;
const ASK_AGAIN_AFTER_MS = 7000;
const PROBE_EVERY_MS = 2500;
const PROBE_LIMIT_MS = 15000;
const GIVE_UP_AFTER_MS = 90000;
let pending = /** @type {Stores["question"] | null} */ (null);
let serial = 0;
let probing = false;

/**
 * @param {Row} item
 * @returns {item is Kept}
 */
const unanswered = (item) => isKept(item) && item.status === "kept" && !heard(item);

/* Ask the next question unless one is under way. */
function next() {
  if (!state.facts || state.serverLost || state.lateModel) return;
  if (pending && pending.model === state.facts.id) return;
  const selected = rowInView();
  const item = selected && unanswered(selected) ? selected : state.films.find(unanswered);
  if (!item) return;
  ask(item.film, Date.now());
}

/** Put a question first asked at `since`.
 * @param {string} film
 * @param {number} since
 */
function ask(film, since) {
  pending = { film, model: modelFacts().id, serial: ++serial };
  store("question", pending);
  watch(pending, since, Date.now());
}

/** A question that stays open is followed by a look at the server's health. One that went down with a server
 * that is up again is put again: Dash does not say so, and the server answers from what it remembers.
 * @param {Stores["question"]} question
 * @param {number} since
 * @param {number} asked
 */
function watch(question, since, asked) {
  setTimeout(async () => {
    if (pending !== question) return;
    const running = await alive();
    if (pending !== question) return;
    if (!running) {
      lost();
    } else if (signedOut.isOver()) {
      watch(question, Date.now(), asked); // nobody can answer; it is put again when somebody has signed in
    } else if (Date.now() - since > GIVE_UP_AFTER_MS) {
      answered({
        film: question.film,
        model: question.model,
        error: { code: "no_answer", message: t("The server gave no answer for this film."), remedy: t("Try again.") },
      });
    } else if (Date.now() - asked > ASK_AGAIN_AFTER_MS && question.model === modelFacts().id) {
      ask(question.film, since);
    } else watch(question, since, asked);
  }, LOST_AFTER_MS);
}

/** @param {Heard | null} answer none before the first question */
function answered(answer) {
  if (!answer) return;
  hear(answer);
  const item = state.films.find((candidate) => candidate.film === answer.film);
  // who asks for the drawn phantom wants to see the figures, whatever a model thinks of the drawing
  if (item && item.phantom) showAnyway(answerKey(answer.model, answer.film));
  if (pending && pending.film === answer.film && pending.model === answer.model) pending = null;
  next();
  changed();
}

/** @param {Row} item */
function forget(item) {
  if (item.film) forgetAnswers(item.film);
  if (pending && pending.film === item.film) pending = null;
}

/** What the server said instead of a picture or a download; when it keeps the film no more, the list learns it.
 * @param {Response} reply
 * @param {string | null | undefined} film none where it is no film's
 * @returns {Promise<Problem>}
 */
async function refusal(reply, film) {
  const known = await reply.json().then((body) => body.error, () => null);
  const message = t("The server answered {status}.", { status: reply.status });
  const error = known || { code: "status", message, remedy: t("Try again.") };
  const item = state.films.find((candidate) => candidate.film === film);
  if (error.code === "case_not_found" && film && item && state.facts) {
    forget(item);
    hear({ film, model: state.facts.id, error });
    changed();
  }
  return error;
}

/** The same in words.
 * @param {Response} reply
 * @param {string | null | undefined} film none where it is no film's
 * @returns {Promise<string>}
 */
async function refused(reply, film) {
  const { message, remedy } = await refusal(reply, film);
  return `${message} ${remedy}`.trim();
}

/**
 * @param {Row} item
 * @returns {boolean}
 */
function isGone(item) {
  const answer = heard(item);
  return Boolean(answer && answer.error && answer.error.code === "case_not_found");
}

/** The selector names a model that has not come: no figure of the earlier one may stand beside that name.
 * @param {string} wanted
 */
function modelChosen(wanted) {
  modelLate(false);
  awaitModel(wanted);
}

/** @param {string} wanted */
function awaitModel(wanted) {
  const question = {
    waiting: () => byId("model").value === wanted && (!state.facts || state.facts.id !== wanted),
    late: () => {
      modelLate(true);
      changed();
    },
    ask: () => window.dash_clientside.set_props("model", { value: wanted }),
  };
  askAgain(question, LOST_AFTER_MS);
}

/** Dash does not say that an answer is lost on its way: what has not come after a while is asked for until it comes.
 * @param {{ waiting: () => boolean, late: () => void, ask: () => void }} question `late` as often as it is asked again
 * @param {number} [patience] in ms
 */
function askAgain(question, patience = ASK_AGAIN_AFTER_MS) {
  setTimeout(async () => {
    if (!question.waiting()) return;
    question.late();
    if (!(await alive())) lost();
    else if (question.waiting()) question.ask();
    askAgain(question, patience);
  }, patience);
}

/** Another model than the one in the selector, which is chosen for the reader.
 * @param {string} model
 */
function turnTo(model) {
  modelLate(!state.facts || state.facts.id !== model); // back before it had come: nothing is waited for
  window.dash_clientside.set_props("model", { value: model });
  awaitModel(model);
}

function start() {
  const select = byId("model");
  select.addEventListener("change", () => modelChosen(select.value));
}

/** Ask again about a film whose answer was an error.
 * @param {Row} item
 */
function retry(item) {
  forget(item);
  next();
  changed();
}

async function alive() {
  try {
    return (await requests.ask("/healthz", { limit: PROBE_LIMIT_MS })).ok;
  } catch {
    return false;
  }
}

/* The list stays; the page looks for the server until it is back, then goes on where it stopped. */
function lost() {
  setLost(true);
  pending = null;
  changed();
  if (probing) return;
  probing = true;
  const probe = async () => {
    if (!(await alive())) {
      setTimeout(probe, PROBE_EVERY_MS);
      return;
    }
    probing = false;
    setLost(false);
    tell("server-back");
    next();
    changed();
  };
  setTimeout(probe, PROBE_EVERY_MS);
}

listen("selected", next);

export { start, next, answered, turnTo, forget, retry, lost, askAgain, refusal, refused, isGone };
