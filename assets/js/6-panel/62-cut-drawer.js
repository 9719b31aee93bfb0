/* The threshold panel's drawer: presets stand in the panel, the slider and what follows from it come when asked for. */
import { addField, around, byId, changed, ifThere, listen, onKey, painters, state } from "../0-core/00-core.js";
import { N_ } from "../0-core/10-words.js";
import { rowInView } from "../0-core/13-films.js";
import * as session from "../3-list/32-session.js";

const ROOM = "(min-height: 1000px)"; // where the drawer takes nothing from the findings
const write = addField("cutOpen", null); // null: not chosen, so by the screen

const open = () => (state.cutOpen === null ? window.matchMedia(ROOM).matches : state.cutOpen);

/** @param {boolean | null} wanted */
function set(wanted) {
  write(wanted);
  changed();
}

function toggle() {
  const drawer = ifThere("cut-drawer");
  if (!drawer || byId("figures").hidden) return;
  // what goes leaves the keyboard where it came from
  if (open() && drawer.contains(document.activeElement)) byId("cut-open").focus({ preventScroll: true });
  set(!open());
  paint();
  if (open()) drawer.scrollIntoView({ block: "nearest" });
}

function paint() {
  const drawer = ifThere("cut-drawer");
  if (!drawer) return;
  drawer.hidden = !open();
  byId("cut-open").setAttribute("aria-expanded", String(open()));
}

function start() {
  document.addEventListener("click", (event) => around(event, "#cut-open") && toggle());
  window.matchMedia(ROOM).addEventListener("change", () => changed());
}

painters.push(paint);
// a new list begins as the first one did
listen("removed", () => rowInView() || set(null));
session.part("cut-drawer", { save: () => state.cutOpen, load: (kept) => write(kept) });
onKey("t", "findings", N_("threshold panel"), toggle);

export { start, set };
