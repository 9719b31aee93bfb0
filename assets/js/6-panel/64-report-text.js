/* A text of what the reader accepted, made by the server from the site's template; to be changed, copied, printed.
 * What is typed lives here alone, and belongs to its film: another film's text is never under the reader's hand. */
import { around, byId, changed, element, ifThere, listen, onKey, painters, setText, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { N_, t } from "../0-core/10-words.js";
import { modelFacts } from "../0-core/12-model.js";
import { rowAtHand, rowInView } from "../0-core/13-films.js";
import * as requests from "../0-core/16-requests.js";
import * as analysis from "../3-list/30-analysis.js";
import * as verdicts from "../4-reading/44-verdicts.js";
import * as exportBody from "./62-export-body.js";

/** @typedef {{ wanted: string, made: string, text: string }} Text what it was made of, how it came, as it now stands */
const drafts = /** @type {Map<string, Text>} */ (new Map()); // by "row id/model"
let openFor = ""; // the film, and the model, whose text is open: it goes with them
let asked = /** @type {{ at: string, wanted: string } | null} */ (null); // what is on its way from the server
let note = ""; // what became of the last act
let failed = false; // the server gave no text, and is not asked again by itself

const isOpen = () => ifThere("report-text")?.hidden === false;
const area = () => byId("report-words");
const id = () => `${rowAtHand().id}/${modelFacts().id}`;
const draft = () => (rowInView() && state.facts && drafts.get(id())) || null;
/** @param {Text} one */
const edited = (one) => one.text !== one.made;

const body = () => JSON.stringify(exportBody.ofText(rowAtHand()));

function open() {
  if (!verdicts.open(rowInView())) return;
  if (!ifThere("report-words")) byId("report-text-body").append(build());
  say("");
  openFor = id();
  byId("report-text").hidden = false;
  byId("report-text-open").setAttribute("aria-expanded", "true");
  paint();
  area().focus({ preventScroll: true });
}

const build = () =>
  element("textarea", {
    id: "report-words", rows: "12", spellcheck: "true", lang: words.language(), "aria-labelledby": "report-text-title",
    oninput: typed,
  });

function typed() {
  const one = draft();
  if (one) one.text = area().value;
  say("");
}

/** @type {(text: string, why?: boolean) => void} */
function say(text, why = false) {
  [note, failed] = [text, why];
  changed();
}

function close() {
  if (!isOpen()) return;
  const inside = byId("report-text").contains(document.activeElement);
  byId("report-text").hidden = true;
  const opener = ifThere("report-text-open");
  if (!opener) return;
  opener.setAttribute("aria-expanded", "false");
  if (inside) opener.focus({ preventScroll: true });
}

/* One question a film at a time: a threshold that is moved changes what is wanted with every frame. */
async function make() {
  const mine = { at: id(), wanted: body() };
  if (asked && asked.at === mine.at) return;
  asked = mine;
  const { film } = rowAtHand();
  /** @type {(text: string, why?: boolean) => unknown} */
  const end = (text, why = false) => asked === mine && say(text, why); // of another film nothing is said
  try {
    const reply = await requests.ask(...exportBody.request("txt", mine.wanted));
    if (reply.ok) {
      const text = await reply.text();
      const known = drafts.get(mine.at);
      // what was typed meanwhile is not taken away
      if (!known || !edited(known)) drafts.set(mine.at, { wanted: mine.wanted, made: text, text });
      end("");
    } else end(await analysis.refused(reply, film), true);
  } catch {
    end(t("The server does not answer. Make it anew in a moment."), true);
  } finally {
    if (asked === mine) asked = null;
  }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(area().value); // only over TLS, or on this machine
    say(t("Copied."));
  } catch {
    area().select();
    say(document.execCommand("copy") ? t("Copied.") : t("The browser does not let this page copy: the text is selected, copy it by hand."));
  }
}

/* The text alone, black on white. */
function print() {
  const paper = element("pre", { id: "report-paper", text: area().value });
  document.body.append(paper);
  window.addEventListener("afterprint", () => paper.remove(), { once: true });
  window.print();
}

/** @type {(one: Text | null, late: boolean) => string} */
function said(one, late) {
  if (one && late && edited(one)) return t("Your verdicts have changed since; what you typed was kept.");
  return failed || (one && !late) ? note : t("Preparing the text…");
}

function paint() {
  if (!isOpen()) return;
  if (!verdicts.open(rowInView()) || openFor !== id()) return void close();
  const one = draft();
  const late = !one || one.wanted !== body();
  if (late && !failed && !(one && edited(one))) make();
  const text = one ? one.text : "";
  if (area().value !== text) area().value = text;
  // a text that is being made anew is not yet that of these verdicts
  for (const button of [byId("report-text-copy"), byId("report-text-print")]) button.disabled = !one || (late && !failed && !edited(one));
  area().readOnly = !one;
  byId("report-text-anew").hidden = Boolean(one) && !late && !edited(one);
  setText(byId("report-text-note"), said(one, late));
}

/** @type {Record<string, () => void>} */
const acts = {
  "report-text-open": () => (isOpen() ? close() : open()),
  "report-text-close": close,
  "report-text-copy": copy,
  "report-text-print": print,
  "report-text-anew": () => {
    drafts.delete(id());
    say("");
  },
};

document.addEventListener("click", (event) => {
  const button = around(event, "button[id]");
  if (button && button.id in acts) acts[button.id]();
});
document.addEventListener("cxr-close", close);
listen("selected", close);
painters.push(paint);
onKey(";", "findings", N_("report text of what you accepted"), () => (isOpen() ? close() : open()));
