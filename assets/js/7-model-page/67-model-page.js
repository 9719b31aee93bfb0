/* The page about the model is drawn by Dash. Here is what needs what only the browser knows: the address, the label
 * in view, and the threshold while a hand moves it. */
import { byId, ifThere, listen, onKey, state, store, whenPresent } from "../0-core/00-core.js";
import { N_, percent, t } from "../0-core/10-words.js";
import { defaultThreshold } from "../0-core/12-model.js";
import { setThresholds, threshold } from "../0-core/14-cuts.js";
import { scale, unscale } from "../0-core/20-statistics.js";
import { labelInView } from "../0-core/22-ranked.js";
import { askAgain } from "../3-list/30-analysis.js";
import * as address from "../3-list/35-address.js";

const STEPS = 1000; // of the slider
const SAME = 1e-9; // of two thresholds
const REST_MS = 120; // a thumb that lies still so long is asked about
/** @typedef {{ model: string, section: string, label: string | null }} Asked */
let question = /** @type {Asked | null} */ (null); // what the open page shows, or is to show
let drawnIs = /** @type {Asked | null} */ (null);
let uncounted = /** @type {{ model: string, label: string, cut: number } | null} */ (null);
let resting = 0;
let came = ""; // the address that was followed last
let chosen = /** @type {string | null} */ (null); // the label that the reader chose on the page, or an address named
let picked = ""; // what the page's selector of labels had last
let seen = /** @type {Asked | null} */ (null); // what the server had drawn then
let turning = /** @type {string | null} */ (null); // the model that an address named, until the model's selector has it

onKey("l", "page", N_("model card"), () => byId("card-open").click());

/** Whether the page is open, and what is to be drawn: nothing where it is there already.
 * @param {string | undefined} hash
 * @param {string} inForce the model
 * @param {string} selected the label
 * @param {Asked | null} drawn by the server, which sets the selector to its label
 * @returns {[any, any]}
 */
function asked(hash, inForce, selected, drawn) {
  const { no_update } = window.dash_clientside;
  const at = address.place(hash || "");
  const shown = question;
  const isNew = compared(hash || "", selected, drawn);
  if (!at) {
    closed();
    return [shown ? false : no_update, no_update];
  }
  if (turning === inForce) turning = null;
  const named = isNew.address && at.model && (at.model === inForce || address.offers(at.model)) ? at : null;
  if (named && named.model !== inForce) address.turn((turning = named.model ?? inForce));
  const model = turning ?? inForce;
  const stays = !shown || shown.model === model;
  if (named) chosen = named.label;
  else if (!stays) chosen = null;
  else if (shown && isNew.label && !isNew.byServer) chosen = selected;
  const kept = shown ? (!isNew.label && shown.label) || selected : labelInView();
  question = { model, section: at.section, label: named ? named.label : kept };
  nameChosen(question, at);
  const alike = shown && stays && shown.section === at.section;
  // before the page knows its labels, the server chooses one
  if (alike && (shown.label === question.label || !shown.label)) return [no_update, no_update];
  if (!alike) whenPresent(".modal .card-sections", (frame) => arrive(frame, at.section));
  untilDrawn(question);
  return [true, question];
}

/** What of the inputs is new since the last time.
 * @type {(hash: string, selected: string, drawn: Asked | null) => { address: boolean, label: boolean, byServer: boolean }} */
function compared(hash, selected, drawn) {
  const label = Boolean(selected) && selected !== picked;
  const found = { address: hash !== came, label, byServer: label && drawn !== seen && drawn?.label === selected };
  [came, picked, seen] = [hash, selected, drawn];
  return found;
}

/** A label that was chosen stands in the address, so that a reload and a bookmark show it too; one that came by itself does not.
 * @type {(now: Asked, at: { section: string, model: string | null }) => void} */
function nameChosen(now, at) {
  const { section } = now;
  if (chosen && chosen === now.label) came = address.namePlace(now);
  else if (!chosen && at.model) came = address.namePlace({ section, model: null, label: null });
}

function closed() {
  question = chosen = turning = null;
}

/** @param {Asked} wanted */
function untilDrawn(wanted) {
  drawnIs = null;
  askAgain({
    waiting: () => same(question, wanted) && !same(drawnIs, wanted),
    late: () => say(t("The section you chose has not come. It is asked for until it does.")),
    ask: () => store("card-asked", { ...wanted }),
  });
}

/** Whether two are the same section, about the same label where both name one.
 * @type {(one: Asked | null, other: Asked) => boolean} */
const same = (one, other) =>
  Boolean(one && one.model === other.model && one.section === other.section && (one.label ?? other.label) === (other.label ?? one.label));

/** What the page lacks, above what it shows; nothing when it is all there.
 * @param {string} text
 */
const say = (text) => window.dash_clientside.set_props("card-late", { children: text, hidden: !text });

/** The server drew a section.
 * @param {Asked | null} shown
 */
function arrived(shown) {
  drawnIs = shown;
  if (question && same(shown, question)) say("");
}

/** The section takes the keyboard, so that its keys scroll it and Tab goes on from there.
 * @type {(frame: HTMLElement, section: string) => void} */
function arrive(frame, section) {
  frame.scrollTop = 0;
  byId("card-in-view").focus({ preventScroll: true });
  // below another one in its view
  if (section === "curves") whenPresent("#card-curves", (node) => node.scrollIntoView());
}

/** @param {boolean} open */
function opened(open) {
  // the library's own name for its button is English
  if (open) whenPresent(".modal-header .btn-close", (button) => (button.ariaLabel = t("Close")));
  else {
    closed();
    address.leavePage();
  }
}

/** Whether the open page is about this label of this model, and no other is on its way.
 * @type {(about: { model: string, label: string } | null) => boolean}
 */
const inView = (about) =>
  Boolean(about && question && question.model === about.model && (question.label ?? about.label) === about.label);

/** Follows the thumb at once, here and beside the film; films are counted by the server when it rests.
 * @param {number} place
 * @param {{ model: string, label: string } | null} shown what the slider was set for
 * @returns {[any, any]} the threshold in words, and whether it is the model's own
 */
function moved(place, shown) {
  const { no_update } = window.dash_clientside;
  const slider = ifThere("card-cut-slider");
  // a slider of another label, whose answer is on its way, and will set it
  if (!slider || !shown || !inView(shown)) return [no_update, no_update];
  const { model, label } = shown;
  const cut = unscale(Number(place) / STEPS);
  const text = percent(cut);
  slider.ariaValueText = text;
  // thresholds are kept for the model in force, which may be late
  if (!state.facts || state.facts.id !== model) return [text, true];
  if (Math.abs(cut - threshold(label)) > SAME) {
    setThresholds({ [label]: cut });
    clearTimeout(resting);
    resting = setTimeout(() => inView(shown) && countAt({ model, label, cut }), REST_MS);
  }
  return [text, Math.abs(cut - defaultThreshold(label)) < SAME];
}

/** Asks how many films are above a threshold that the slider rests on.
 * @param {{ model: string, label: string, cut: number }} at
 */
function countAt(at) {
  uncounted = at;
  store("card-cut-moved", at);
  askAgain({
    waiting: () => uncounted === at && current(at),
    late: () => say(t("The counts are of an earlier threshold. Those of this one are asked for until they come.")),
    ask: () => store("card-cut-moved", { ...at }),
  });
}

/** Whether films at this threshold of a label are what the page should show.
 * @type {(at: { model: string, label: string, cut: number }) => boolean} */
const current = ({ model, label, cut }) =>
  inView({ model, label }) && state.facts?.id === model && Math.abs(cut - threshold(label)) <= SAME;

/** Films at a threshold that the slider rested on, and its marks on the curves; nothing where either is not in view any more.
 * @param {{ model: string, label: string, cut: number, counts: unknown, marks: Record<string, [number | null, number | null]> }} answer
 * @returns {any}
 */
function counted({ model, label, cut, counts, marks }) {
  if (!current({ model, label, cut })) return window.dash_clientside.no_update;
  if (uncounted) say("");
  uncounted = null;
  for (const [id, [x, y]] of Object.entries(marks)) {
    const drawn = /** @type {any} */ (ifThere(id)?.querySelector(".js-plotly-plot"));
    // the last of a curve's traces
    if (drawn) window.Plotly.restyle(drawn, { x: [[x]], y: [[y]] }, [drawn.data.length - 1]);
  }
  return counts;
}

/** Where the thumb is at the model's own threshold.
 * @param {string} label
 * @returns {number}
 */
const usual = (label) => STEPS * scale(defaultThreshold(label));

// with the last film goes what was open beside it
listen("removed", () => question && !state.films.length && window.dash_clientside.set_props("card", { is_open: false }));

export { asked, opened, arrived, moved, counted, usual };
