/* A sign-in whose time is over while its page is open: the page says so, keeps its films, and goes on when
 * its reader has signed in again, in another tab. */
import { byId, changed, element, ifThere, state, tell, url } from "./00-core.js";
import { t } from "./10-words.js";

const UNAUTHORIZED = 401;
const LOOK_EVERY_MS = 3000;
const READER = "X-Cxr-Reader"; // as in cxr_dash/web/sign_in/reader.py
const ask = window.fetch.bind(window);
let over = false;

// whoever asks, Dash too, hears it first here; the limits are those of 16-requests.js
window.fetch = async (...asked) => {
  const reply = await ask(...asked);
  if (reply.status === UNAUTHORIZED) say();
  meet(reply.headers.get(READER));
  return reply;
};

/** Another signed in meanwhile, in another tab: what this one knows is not for them.
 * @param {string | null} reader
 */
function meet(reader) {
  const { settings } = state;
  if (!reader || !settings || reader === settings.reader) return;
  tell("other-reader");
  window.location.reload();
}

function say() {
  const note = ifThere("signed-out");
  if (over || !note) return;
  over = true;
  const way = { href: url("/sign-in"), target: "_blank", rel: "noopener", text: t("Sign in again in a new tab") };
  const words = t("You are no longer signed in. Your films stay in the list, and this page goes on when you have signed in again.");
  note.replaceChildren(element("p", { text: words }), element("a", way));
  note.hidden = false;
  setTimeout(look, LOOK_EVERY_MS);
}

async function look() {
  if (!(await signedIn())) {
    setTimeout(look, LOOK_EVERY_MS);
    return;
  }
  over = false;
  byId("signed-out").hidden = true;
  tell("server-back");
  changed();
}

async function signedIn() {
  if (document.hidden) return false;
  try {
    const reply = await ask(url("/_dash-dependencies"), { method: "HEAD", cache: "no-store" });
    meet(reply.headers.get(READER));
    return reply.ok;
  } catch {
    return false;
  }
}

const isOver = () => over;

export { say, isOver, meet, READER };
