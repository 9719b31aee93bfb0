/* Below the list: how many films, how many read, how long they are kept; above it, a server that is lost. */
import { byId, changed, element, ifThere, pageSettings, painters, setText, state } from "../0-core/00-core.js";
import { plural, t } from "../0-core/10-words.js";
import { hidden } from "../0-core/15-answers.js";
import * as upload from "./31-upload.js";
import * as listing from "./34-listing.js";

const SURE_WITHIN_MS = 4000;
const MANY = 2;
let nodes = /** @type {ReturnType<typeof build> | null} */ (null);
let asked = 0; // when the clear button was pressed the first time

/** @param {HTMLElement} note */
function build(note) {
  /** @param {() => void} fn */
  const link = (fn) => element("button", { class: "link", type: "button", onclick: fn });
  const made = { count: element("span"), kept: element("span"), doubles: link(dropDoubles), stop: link(stopAll), clear: link(clear) };
  note.append(...Object.values(made));
  return made;
}

const doubles = () => state.films.filter((item) => item.status === "same");
const dropDoubles = () => upload.clear(doubles());
const stopAll = () => upload.stop(upload.waiting());

/* A list of many is not lost to one slip of the mouse. */
function clear() {
  if (state.films.length >= MANY && Date.now() - asked > SURE_WITHIN_MS) {
    asked = Date.now();
    setTimeout(changed, SURE_WITHIN_MS + 50);
    changed();
    return;
  }
  asked = 0;
  upload.clear();
}

function counted() {
  const total = state.films.length;
  const read = state.films.filter((item) => item.read).length;
  if (listing.filtered()) return plural("{n} of {total} film shown", "{n} of {total} films shown", total, { n: listing.shown().length, total });
  return read ? t("{n} of {total} read", { n: read, total }) : plural("{n} film", "{n} films", total);
}

/* When the last of them goes by itself. */
function keptUntil() {
  const times = state.films.flatMap(({ status, keptAt }) => (status === "kept" && keptAt ? [keptAt] : []));
  if (!times.length) return "";
  const left = Math.max(...times) + pageSettings().case_lifetime_seconds * 1000 - Date.now();
  const minutes = Math.ceil(left / 60000);
  return minutes > 0 ? t("deleted within {minutes} min", { minutes }) : t("deleted by now");
}

function paintNote() {
  const note = byId("worklist-note");
  note.hidden = !state.films.length;
  if (note.hidden) return;
  nodes ??= build(note);
  setText(nodes.count, counted());
  setText(nodes.kept, keptUntil());
  const [same, unsent] = [doubles().length, upload.waiting().length];
  nodes.doubles.hidden = same < MANY;
  setText(nodes.doubles, t("Take {n} doubles out", { n: same }));
  nodes.stop.hidden = !unsent;
  setText(nodes.stop, t("Stop the {n} that wait", { n: unsent }));
  const sure = Date.now() - asked < SURE_WITHIN_MS;
  setText(nodes.clear, sure ? t("Delete all {n}?", { n: state.films.length }) : t("Clear now"));
  nodes.clear.classList.toggle("sure", sure);
}

function paintBanner() {
  const banner = byId("banner");
  const text = state.serverLost
    ? t("The server does not answer. Your list is kept; trying again…")
    : state.serverSlow
      ? t("The server has not answered for 5 s, still waiting…")
      : state.filmGone ? t("The film of this address is no longer in the list.") : "";
  banner.hidden = !text;
  banner.classList.toggle("mild", !state.serverLost);
  setText(banner, text);
}

/* For who listens instead of looking: when work has come to an end, and where it stands. */
function paintStatus() {
  const busy = state.films.filter((item) => listing.describe(item).state === "busy").length;
  if (busy || !state.films.length) setText(byId("list-status"), "");
  else if (state.films.some(hidden)) {
    // what was found waits for its reader
    const count = plural("{n} film", "{n} films", state.films.length);
    setText(byId("list-status"), count);
  } else {
    const above = listing.count("above");
    setText(byId("list-status"), t("Films done: {n}; with a finding above its threshold: {above}.", { n: state.films.length, above }));
  }
}

painters.push(() => {
  if (!state.settings || !ifThere("worklist-note")) return;
  paintNote();
  paintBanner();
  paintStatus();
});
setInterval(() => state.films.length && changed(), 20000); // the minutes left
