/* The room for one film or two, and when they are laid anew. */
import { present, tell } from "../0-core/00-core.js";
import * as filmSheet from "./53-film-sheet.js";

const STILL_AFTER_MS = 180;
const two = /** @type {Sheet[]} */ ([]);
let host = /** @type {HTMLElement | null} */ (null);
const stage = () => present(host, "stage");
let placing = false;
let stillTimer = 0;

/** @param {HTMLElement} node */
function build(node) {
  host = node;
  ["first", "second"].forEach((name, index) => {
    const sheet = filmSheet.make(name, index === 0 ? "heat-canvas" : "heat-canvas-2", index);
    two.push(sheet);
    node.append(sheet.node);
  });
}

/** Lay the films anew before the next frame. While they move they are layers of their own, which is quick;
 * at rest they are drawn at their exact size, which is sharp.
 * @param {boolean} [moving]
 */
function moved(moving = true) {
  if (moving && host) {
    host.classList.add("moving");
    clearTimeout(stillTimer);
    stillTimer = setTimeout(rest, STILL_AFTER_MS);
  }
  if (placing) return;
  placing = true;
  requestAnimationFrame(() => {
    placing = false;
    tell("lay");
  });
}

function rest() {
  stage().classList.remove("moving");
  tell("lay");
}

/** @returns {boolean} */
const moving = () => stage().classList.contains("moving");

/** @returns {Sheet[]} */
const sheets = () => two;

export { build, moved, moving, sheets };
