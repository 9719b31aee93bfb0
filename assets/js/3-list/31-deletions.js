/* Films that leave the server: asked for a few at a time, tried again, and gone only when the server says so. */
import { changed, listen } from "../0-core/00-core.js";
import * as requests from "../0-core/16-requests.js";

const AT_ONCE = 4;
const LIMIT_MS = 30000;
const PAUSES_MS = [500, 2000, 5000]; // before the second try and those behind it
/** @typedef {{ film: string, tries: number, late: boolean, state: "queued" | "sent" | "waiting" | "failed" }} Owed `waiting`: for another try */
const owing = /** @type {Map<string, Owed>} */ (new Map()); // by film
let sending = 0;

/** @param {string} film */
function release(film) {
  if (owing.has(film)) return;
  owing.set(film, { film, tries: 0, late: false, state: "queued" });
  pump();
}

function pump() {
  for (const one of owing.values()) {
    if (sending >= AT_ONCE) return;
    if (one.state === "queued") send(one);
  }
}

/** @param {Owed} one */
async function send(one) {
  sending += 1;
  one.state = "sent";
  one.tries += 1;
  const asked = await ask(one.film);
  sending -= 1;
  if (asked.gone) owing.delete(one.film);
  else wait(one, asked.pause);
  pump();
  changed();
}

/** Whether the film is gone; where it is not, how long the server wants to be left alone, in ms.
 * @param {string} film
 */
async function ask(film) {
  try {
    const reply = await requests.ask(`/films/${film}`, { method: "DELETE", keepalive: true, limit: LIMIT_MS });
    // 404: where people sign in, it is no longer there, or was another's
    return { gone: reply.ok || reply.status === 404, pause: reply.status === 503 ? 1000 * Number(reply.headers.get("Retry-After")) || 0 : 0 };
  } catch {
    return { gone: false, pause: 0 };
  }
}

/**
 * @param {Owed} one
 * @param {number} pause
 */
function wait(one, pause) {
  one.late = true;
  if (one.tries > PAUSES_MS.length) {
    one.state = "failed";
    return;
  }
  one.state = "waiting";
  setTimeout(() => queue(one), Math.max(pause, PAUSES_MS[one.tries - 1]));
}

/** @param {Owed} one */
function queue(one) {
  one.state = "queued";
  pump();
}

const failed = () => [...owing.values()].filter((one) => one.state === "failed");
const late = () => [...owing.values()].filter((one) => one.late && one.state !== "failed");

function again() {
  for (const one of failed()) {
    one.tries = 0;
    queue(one);
  }
  changed();
}

/* Keys of what the server was asked to delete, and has not: they outlive the page, and no other key does. */
const owed = () => [...owing.values()].filter((one) => one.late).map((one) => one.film);

listen("server-back", again);
// whoever clears the list and leaves at once: what was not yet sent goes now, and a page that comes again asks anew
window.addEventListener("pagehide", () => {
  for (const one of owing.values()) {
    one.late = true;
    if (one.state !== "sent") ask(one.film);
  }
});

export { release, again, failed, late, owed };
