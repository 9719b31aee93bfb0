/* Who the patients of films are, where the server shows it; and which films are of one patient, where nobody is named.
 *
 * Names are asked for film by film, stay in this script for as long as the film is in the list, and are written
 * nowhere else. */
import { changed, pageSettings, painters, state } from "../0-core/00-core.js";
import * as requests from "../0-core/16-requests.js";

const AT_ONCE = 2;
const TRY_AGAIN_AFTER_MS = 3000;
const MINUTES = "2024-02-29 08:15".length;
const NOBODY = { line: "", short: "" };
const known = /** @type {Map<string, { line: string, short: string }>} */ (new Map()); // by film: nobody until it is known, and where nobody says
const queue = /** @type {string[]} */ ([]);
let asking = 0;

/** Asked for once, where the server shows it at all.
 * @param {Row} item
 */
function of(item) {
  if (!pageSettings().show_identity || !item.film) return NOBODY;
  const found = known.get(item.film);
  if (found) return found;
  known.set(item.film, NOBODY);
  queue.push(item.film);
  next();
  return NOBODY;
}

function next() {
  while (asking < AT_ONCE) {
    const film = queue.shift();
    if (film === undefined) return;
    asking += 1;
    ask(film).finally(() => {
      asking -= 1;
      next();
    });
  }
}

/** @param {string} film */
async function ask(film) {
  if (!known.has(film)) return; // removed while it waited
  try {
    const reply = await requests.ask(`/films/${film}/patient.json`);
    if (!reply.ok) return; // the film is gone, as its picture will say
    const { line, name, patient_id, study_date, taken } = await reply.json();
    const when = taken.replace("T", " ").slice(0, MINUTES) || study_date;
    if (known.has(film)) known.set(film, { line, short: [name, patient_id, when].filter(Boolean).join(" · ") });
    changed();
  } catch {
    setTimeout(() => {
      known.delete(film);
      changed();
    }, TRY_AGAIN_AFTER_MS);
  }
}

function forgetOthers() {
  const kept = new Set(state.films.map(({ film }) => film));
  for (const film of known.keys()) if (!kept.has(film)) known.delete(film);
}

painters.push(forgetOthers);

export { of };
