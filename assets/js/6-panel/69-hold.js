/* What the reader holds in the threshold panel stays under the pointer: as figures change, the headline and the rows above it
 * take more lines or fewer. What goes above is made up for by room, what comes by scrolling. */
import { around, byId, painters, present, state } from "../0-core/00-core.js";
import { labelInView } from "../0-core/22-ranked.js";

const CONTROLS = ".cut-panel :is(button, input, select, summary, [role=slider])";
let held = /** @type {HTMLElement | null} */ (null); // the control used last
let before = /** @type {{ held: HTMLElement, place: number } | null} */ (null); // where it was when the page was painted last
let room = 0; // given to make up for what went above
let reading = ""; // film and finding that it was given for

const scroller = () => (getComputedStyle(byId("panel")).overflowY === "auto" ? byId("panel") : present(document.scrollingElement, "page that scrolls"));
/** @type {(node: Element, frame: Element) => number} */
const placeOf = (node, frame) => node.getBoundingClientRect().top + frame.scrollTop;

/** @type {(panel: HTMLElement, wanted: number) => void} */
function give(panel, wanted) {
  room = wanted;
  panel.style.marginTop = room ? `${room}px` : "";
}

/** Another film or finding begins anew: there is nothing in the hand.
 * @type {(panel: HTMLElement, now: string) => void} */
function begin(panel, now) {
  if (now === reading) return;
  reading = now;
  before = null;
  give(panel, 0);
}

function paint() {
  const panel = document.querySelector(".cut-panel");
  if (!panel || !state.facts) return;
  begin(panel, [state.facts.id, state.selected, labelInView()].join("|"));
  if (!held || !held.checkVisibility()) return;
  const frame = scroller();
  const moved = before && before.held === held ? placeOf(held, frame) - before.place : 0;
  if (moved) {
    const taken = Math.max(0, room - moved);
    const rest = moved - (room - taken);
    give(panel, taken);
    if (rest > 0) frame.scrollTop += rest;
  }
  before = { held, place: placeOf(held, frame) };
}

for (const kind of ["pointerdown", "focusin"]) {
  document.addEventListener(kind, (event) => {
    held = around(event, CONTROLS);
    before = held ? { held, place: placeOf(held, scroller()) } : null;
  }, { capture: true });
}
painters.push(paint);
