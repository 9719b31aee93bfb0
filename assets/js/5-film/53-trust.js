/* How far a film's heat may be relied on: two more runs of the model, asked for when the answer stands on the screen.
 * Until it has come no heat is drawn and no place named: nothing that was said has to be taken back. */
import { changed, listen, state } from "../0-core/00-core.js";
import { answerKey, hear } from "../0-core/15-answers.js";
import * as requests from "../0-core/16-requests.js";
import * as analysis from "../3-list/30-analysis.js";

const asked = /** @type {Set<string>} */ (new Set()); // "model/film" whose report is on its way

/**
 * @param {Answer | null} answer
 * @returns {boolean}
 */
const waits = (answer) => Boolean(answer && answer.trust_waits);

/** Whether a label's heat must name no place: it is not to be relied on, or the report is not there, or could not be had.
 * @param {Answer} answer
 * @param {string} label
 * @returns {boolean}
 */
const doubted = (answer, label) =>
  waits(answer) || Boolean(answer.trust_failed) || ["poor", "caution"].includes((answer.trust_verdict || {})[label]);

/**
 * @param {Kept} item
 * @param {Answer} answer
 */
async function ask(item, answer) {
  const id = answerKey(answer.model, item.film);
  if (!waits(answer) || asked.has(id) || state.serverLost) return;
  asked.add(id);
  const found = await fetched(item.film, answer.model).catch(() => ({ trust: {}, trust_verdict: {}, trust_failed: true }));
  asked.delete(id);
  // the film may be gone, or answered anew
  if (state.answers.get(id) === answer) hear({ ...answer, ...found, trust_waits: false });
  changed();
}

/** @type {(film: string, model: string) => Promise<TrustReport>} */
async function fetched(film, model) {
  const reply = await requests.ask(`/films/${film}/${model}/trust.json`);
  if (!reply.ok) throw new Error((await analysis.refusal(reply, film)).message);
  return reply.json();
}

/* What could not be had is asked for once more: when the server is back, and when its reader looks at a film anew. */
function again() {
  for (const answer of state.answers.values()) {
    if (!answer.error && answer.trust_failed) hear({ ...answer, trust_failed: false, trust_waits: true });
  }
}

listen("server-back", again);
listen("selected", again);

export { ask, waits, doubted };
