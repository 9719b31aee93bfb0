/* The menu of further downloads: a button and its items, by the pattern of the ARIA authoring practices. */
import { around, byId, changed, ifThere, listen, onKey } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { rowInView } from "../0-core/13-films.js";

const items = () => [...byId("download-menu").querySelectorAll('[role="menuitem"]')];
const isOpen = () => ifThere("download-menu")?.hidden === false;

function open(last = false) {
  if (!ifThere("download-menu") || byId("downloads").hidden) return;
  byId("download-menu").hidden = false;
  byId("download-more").setAttribute("aria-expanded", "true");
  const all = items();
  all[last ? all.length - 1 : 0].focus({ preventScroll: true });
  changed();
}

/** Back to the button, unless the focus has gone elsewhere on purpose.
 * @param {boolean} [refocus]
 */
function close(refocus = true) {
  if (!isOpen()) return;
  const inside = byId("download-menu").contains(document.activeElement);
  byId("download-menu").hidden = true;
  byId("download-more").setAttribute("aria-expanded", "false");
  if (refocus && inside) byId("download-more").focus({ preventScroll: true });
}

/** @param {Step} to */
function move(to) {
  const all = items();
  const now = all.findIndex((one) => one === document.activeElement);
  const next = to === "first" ? 0 : to === "last" ? all.length - 1 : (now + to + all.length) % all.length;
  all[next].focus({ preventScroll: true });
}

/** @typedef {1 | -1 | "first" | "last"} Step */
/** @type {Record<string, Step>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last" };

/** The arrows belong to the menu while it is open, not to the list of films.
 * @param {KeyboardEvent} event
 */
function pressed(event) {
  if (event.key in STEPS) move(STEPS[event.key]);
  else if (event.key === "Tab") return close(false);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function build() {
  byId("download-menu").addEventListener("keydown", pressed);
  const button = byId("download-more");
  button.addEventListener("click", () => (isOpen() ? close() : open()));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    event.stopPropagation();
    open(event.key === "ArrowUp");
  });
}

document.addEventListener("cxr-close", () => close());
listen("removed", () => rowInView() || close());
document.addEventListener("click", (event) => {
  if (!around(event, ".more-downloads")) close(false);
});
onKey("d", "page", words.N_("what can be taken away"), () => open());

export { build, close };
