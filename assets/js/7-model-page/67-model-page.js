/* The page about the model: asks for graphs once they are looked at, and keeps the list of sections in step. */
import { around, byId, changed, inside, onKey, painters, state, store, whenPresent } from "../0-core/00-core.js";
import { N_, t } from "../0-core/10-words.js";
import * as modelTables from "./66-model-tables.js";

const EARLY = "400px"; // graphs are asked for before they come into view
const ASKED = "#card-"; // an address that ends so opens the page at that section
const SETTLED_MS = 5000; // the graphs above a section that an address names are drawn by then
/** @type {Record<string, string>} */
const PARTS = { "card-curves": "curves", "card-subgroups": "groups", "card-training": "epochs" }; // by section
const watching = /** @type {(IntersectionObserver | ResizeObserver)[]} */ ([]);
let asked = /** @type {Record<string, string>} */ ({}); // section -> what was asked for it last
let wasOpen = false;
let looked = false; // at the address that the page came with
let wanted = ""; // section to go to, from the address

onKey("l", "page", N_("model card"), () => byId("card-open").click());

/** @returns {boolean} */
const isOpen = () => Boolean(document.querySelector(".modal.show .card-page"));
/** @returns {string} */
const label = () => byId("card-label").value;

/** @param {boolean} open */
function opened(open) {
  for (const observer of watching.splice(0)) observer.disconnect();
  modelTables.stop();
  if (open) whenPresent(".modal .card-nav a", start);
  else if (wasOpen && window.location.hash.startsWith(ASKED)) history.replaceState(null, "", window.location.pathname + window.location.search);
  wasOpen = open;
}

function start() {
  asked = {};
  const frame = inside(document, ".modal-body");
  // a box that scrolls must be reached by keyboard
  frame.tabIndex = 0;
  // the library's own name for its button is English
  inside(document, ".modal-header .btn-close").ariaLabel = t("Close");
  watch(frame, Object.keys(PARTS).map((id) => byId(id)), { rootMargin: EARLY }, inView);
  watch(frame, document.querySelectorAll(".card-section"), { rootMargin: "-10% 0px -70% 0px" }, underWay);
  byId("card-label").onchange = () => {
    ask("curves");
    changed();
  };
  inside(document, ".card-nav").onclick = go;
  modelTables.start(inside(document, ".card-page"));
  changed();
  if (wanted) stay(document.querySelector(wanted));
  wanted = "";
}

/** What stands above the section is drawn after it was gone to and pushes it away: it is gone to again, until the
 * reader moves or all has settled.
 * @param {HTMLElement | null} section
 */
function stay(section) {
  if (!section) return;
  section.scrollIntoView();
  const again = new ResizeObserver(() => section.scrollIntoView());
  for (const part of document.querySelectorAll(".card-section")) again.observe(part);
  watching.push(again);
  const leave = () => again.disconnect();
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    document.addEventListener(kind, leave, { once: true, passive: true, capture: true });
  }
  setTimeout(leave, SETTLED_MS);
}

/** @type {(root: HTMLElement, nodes: Iterable<HTMLElement>, options: IntersectionObserverInit, seen: (entry: IntersectionObserverEntry) => void) => void} */
function watch(root, nodes, options, seen) {
  const observer = new IntersectionObserver((entries) => entries.filter((one) => one.isIntersecting).forEach(seen), {
    root, ...options,
  });
  for (const node of nodes) observer.observe(node);
  watching.push(observer);
}

/** @param {IntersectionObserverEntry} entry */
const inView = (entry) => ask(PARTS[entry.target.id]);

/** Once for a label: the answer is a part of the page that Dash puts in.
 * @param {string} part
 */
function ask(part) {
  const question = { model: byId("model").value, ...(part === "curves" ? { label: label() } : {}) };
  const text = JSON.stringify(question);
  if (asked[part] === text) return;
  asked[part] = text;
  store(`card-${part}-asked`, { ...question, serial: performance.now() });
}

/** @param {IntersectionObserverEntry} entry */
function underWay(entry) {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".card-nav a"))) {
    if (link.hash === `#${entry.target.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** The section also takes the keyboard, so that Tab goes on from there.
 * @param {MouseEvent} event
 */
function go(event) {
  const link = /** @type {HTMLAnchorElement | null} */ (around(event, "a"));
  const section = link && document.querySelector(link.hash);
  if (!section) return;
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
}

/** Where the cut lies on the curves in view. Plotly is there once they are.
 * @param {string} split
 * @param {Record<string, (number | null)[]>} rates null where there is no rate
 */
function moveMarks(split, rates) {
  if (!window.Plotly) return;
  /** @type {NodeListOf<any>} */
  const graphs = document.querySelectorAll(`.card-label[data-label="${label()}"] [data-split="${split}"] .js-plotly-plot`);
  for (const plot of graphs) {
    const trace = (plot.data || []).findIndex((/** @type {{ meta: string }} */ one) => one.meta === "cut");
    const at = rates[plot.closest("[data-graph]").dataset.graph];
    if (trace < 0 || !at || (plot.data[trace].x[0] === at[0] && plot.data[trace].y[0] === at[1])) continue;
    window.Plotly.restyle(plot, { x: [[at[0]]], y: [[at[1]]] }, [trace]);
  }
}

/* An address with a section in it opens the page there, once. */
painters.push(() => {
  if (looked || !state.facts) return;
  looked = true;
  if (!window.location.hash.startsWith(ASKED)) return;
  wanted = window.location.hash;
  byId("card-open").click();
});

export { opened, isOpen, label, moveMarks };
