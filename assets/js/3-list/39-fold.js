/* The list as a strip or with all it says: folded where its width would be taken from the film. On a phone, where there is
 * no room beside the film, folded means out of sight. */
import { addField, byId, changed, ifThere, listen, onKey, painters, setText, state } from "../0-core/00-core.js";
import { N_, plural } from "../0-core/10-words.js";
import * as session from "./32-session.js";

const ROOM = "(min-width: 1600px)"; // from here on a film's height, not its width, decides how large it is
const write = addField("listOpen", null); // null: not chosen, so by the screen

const open = () => (state.listOpen === null ? window.matchMedia(ROOM).matches : state.listOpen);

/** @param {boolean} [wanted] */
function toggle(wanted = !open()) {
  write(wanted);
  paint(); // at once: what is in a list that opens can have the keyboard
  changed();
}

function paint() {
  const button = ifThere("list-fold");
  if (!button) return;
  byId("list").classList.toggle("folded", !open());
  document.body.classList.toggle("list-folded", !open());
  button.setAttribute("aria-expanded", String(open()));
  const films = state.films.length;
  setText(byId("list-count"), films ? String(films) : "");
  button.setAttribute("aria-label", plural("List of films: {n} film", "List of films: {n} films", films));
}

function start() {
  byId("list-fold").addEventListener("click", () => toggle());
  window.matchMedia(ROOM).addEventListener("change", () => changed());
  // what was chosen from a list that lies over a phone's film is looked at next
  listen("selected", () => window.matchMedia("(max-width: 979px)").matches && state.listOpen && toggle(false));
}

painters.push(paint);
session.part("fold", { save: () => state.listOpen, load: (kept) => write(kept) });
onKey("v", "list", N_("list of films: wide or folded"), () => toggle());

export { start, toggle };
