/* The language buttons: the choice is remembered on this computer, and the page comes again in that language. */
import { around, byId, url } from "./00-core.js";
import * as words from "./10-words.js";

const COOKIE = "cxr-language"; // as in cxr_dash/web/language.py
const PARAMETER = "lang"; // likewise
const YEAR = 365 * 24 * 3600;
const leaving = /** @type {(() => void)[]} */ ([]); // what must be kept before the page goes

/** @param {string | undefined} code */
function choose(code) {
  if (code === words.language()) return;
  for (const keep of leaving) keep();
  document.cookie = `${COOKIE}=${code}; Path=${url("/")}; Max-Age=${YEAR}; SameSite=Lax`;
  const address = new URL(window.location.href);
  if (!address.searchParams.has(PARAMETER)) return window.location.reload();
  address.searchParams.delete(PARAMETER); // it would outweigh the choice
  window.location.replace(address);
}

function start() {
  byId("languages").addEventListener("click", (event) => {
    const button = around(event, "[data-language]");
    if (button) choose(button.dataset.language);
  });
}

export { start, leaving };
