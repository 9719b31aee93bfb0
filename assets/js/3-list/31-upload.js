/* From a file in the reader's hand to a film under a key. */
import { changed, listen, state, store, tell, url } from "../0-core/00-core.js";
import { addRow, beside, putInView, rowInView, select, takeRowOut } from "../0-core/13-films.js";
import * as requests from "../0-core/16-requests.js";
import * as signedOut from "../0-core/16-signed-out.js";
import * as analysis from "./30-analysis.js";
import * as files from "./30-files.js";
import * as deletions from "./31-deletions.js";
import * as duplicates from "./31-duplicates.js";
import * as problems from "./31-problems.js";

const AT_ONCE = 2;
const MOST_TRIES = 3; // a film that takes the server down with it is not sent for ever
const underWay = new Map(); // row id -> what is under way
let rows = 0; // every row that ever was: an id is never given twice
let numbers = 0; // what rows are called by; one that is no film gives its own back
let sending = 0;

function fail(item, problem, values = {}) {
  Object.assign(item, { status: "failed", problem, lost: false, ...values });
  [item.message, item.remedy] = problems.words(item, problem);
  item.final = problems.isFinal(problem);
}

/* What Dash is told: no names. */
function publish() {
  store(
    "films",
    state.films.map(({ id, number, status, film, message, remedy }) => ({
      id, number, status, film: film || null, message: message || null, remedy: remedy || null,
    })),
  );
  changed();
}

/** Entries are {file, path, among, drawn, problem}: `path` where the file lies in a folder or a ZIP, `among` for one that
 * its reader did not choose by itself; a file that is null stands for a phantom, and `drawn` says which.
 * @param {Entry[]} entries
 */
function add(entries) {
  const drop = {}; // what came at one go: only its first double is pointed at
  for (const { file, path, among, drawn, problem } of entries) {
    /** @type {Row} */
    const item = { id: `row-${++rows}`, number: ++numbers, status: "waiting", progress: 0, drop, addedAt: Date.now() };
    item.phantom = file === null ? drawn : "";
    item.size = file ? file.size : 0;
    if (among) item.among = true;
    addRow(item);
    files.keep(item, file, path);
    if (problem) fail(item, problem);
    else if (item.size > state.settings.max_upload_bytes) fail(item, "large");
    if (!state.selected) putInView(item.id);
  }
  publish();
  pump();
}

const waiting = () => state.films.filter((item) => item.status === "waiting");

function pump() {
  while (sending < AT_ONCE && !state.serverLost) {
    const queue = waiting();
    const item = queue.find((candidate) => candidate.id === state.selected) || queue[0];
    if (!item) return;
    sending += 1;
    item.status = "sending";
    item.attempt = (item.attempt || 0) + 1;
    send(item, item.attempt).finally(() => {
      sending -= 1;
      publish();
      analysis.next();
      pump();
    });
  }
}

async function send(item, attempt) {
  const file = files.of(item);
  const current = () => state.films.includes(item) && item.status === "sending" && item.attempt === attempt;
  let data = file;
  if (file) {
    // a file that was moved or unplugged fails here, and is not taken for a lost server
    try {
      if (file.open) data = await file.open();
      item.sha = await duplicates.fingerprint(data);
    } catch (error) {
      if (current()) fail(item, error.problem || "unreadable");
      return;
    }
    if (!current() || isDouble(item)) return;
  }
  const reply = await post(item, data);
  if (current()) settle(item, reply);
  else if (reply.film) deletions.release(reply.film);
}

function settle(item, reply) {
  if (reply.film) {
    item.sha = reply.sha256 || item.sha;
    if (isDouble(item)) deletions.release(reply.film);
    else {
      const { film, width, height, levels, patient, taken, day_only } = reply;
      Object.assign(item, {
        status: "kept", film, width, height, levels: Boolean(levels), patient, taken, day_only,
        message: "", remedy: "", keptAt: Date.now(),
      });
    }
  } else if (reply.error && item.among && reply.error.code === "unsupported_format") {
    setAside(item, reply.error);
  } else if (reply.error) {
    const lost = reply.error.code === "sign_in"; // sent again when its reader has signed in again
    if (lost) signedOut.say();
    Object.assign(item, { status: "failed", problem: null, lost, ...reply.error, final: problems.isFinal(reply.error.code) });
  } else if (reply.problem) fail(item, reply.problem, { code: reply.code });
  else {
    item.tries = (item.tries || 0) + 1;
    fail(item, "lost", { lost: item.tries < MOST_TRIES });
    analysis.lost();
  }
}

/* A file that its reader did not choose, and that is no film, asks for no row of its own. */
function setAside(item, error) {
  const next = beside(item);
  tell("set-aside", { path: files.pathOf(item), message: error.message });
  takeOut(item);
  // a number is left out only where a later film has come to be known by its own
  const later = state.films.filter(({ number }) => number > item.number);
  if (later.every(({ status }) => ["waiting", "sending"].includes(status))) {
    for (const one of later) one.number -= 1;
    numbers -= 1;
  }
  if (state.selected === item.id) putInView(next ? next.id : null);
}

const phantomPath = (item) => (item.phantom === "effusion" ? "/films/phantom/effusion" : "/films/phantom");

/* POST the raw bytes; fetch cannot report progress, XMLHttpRequest can. */
function post(item, file) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    underWay.set(item.id, request);
    const watched = requests.begin(() => request.abort());
    const model = state.facts ? `?model=${encodeURIComponent(state.facts.id)}` : "";
    request.open("POST", url(`${file ? "/films" : phantomPath(item)}${model}`));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      item.progress = event.lengthComputable ? event.loaded / event.total : 0;
      requests.heard(watched);
      tell("progress", item); // its own row alone: fifty films report several times a second
    });
    request.addEventListener("load", () => {
      signedOut.meet(request.getResponseHeader(signedOut.READER));
      resolve(readReply(request));
    });
    for (const kind of ["error", "abort", "timeout"]) request.addEventListener(kind, () => resolve({}));
    request.addEventListener("loadend", () => {
      underWay.delete(item.id);
      requests.end(watched);
    });
    request.send(file || null);
  });
}

function readReply(request) {
  try {
    const body = JSON.parse(request.responseText);
    if (body.film) return body;
    if (body.error) {
      const { code, message, remedy } = body.error;
      return { error: { code, message, remedy } };
    }
  } catch {
    // not one of our answers: a proxy's page, or nothing
  }
  return request.status === 413 ? { problem: "refused" } : { problem: "odd", code: request.status };
}

/** @param {Row} item */
function retry(item) {
  if (item.film) {
    analysis.forget(item);
    tell("film-gone", item.film);
    item.film = null;
  }
  if (files.inHand(item)) Object.assign(item, { status: "waiting", message: "", remedy: "", progress: 0, lost: false });
  else fail(item, item.keptAt ? "gone" : "unsent");
  publish();
  pump();
}

function resumeAfterLoss() {
  for (const item of state.films) if (item.status === "failed" && item.lost) retry(item);
  pump();
}

/** What waits or is on its way stays in the list, unsent. Bytes that are all over there are waited for: only
 * the answer has the key by which the film can be deleted.
 * @param {readonly Row[]} items
 */
function stop(items) {
  for (const item of items) {
    const request = underWay.get(item.id);
    fail(item, "stopped");
    if (request && item.progress < 1) request.abort();
  }
  publish();
}

function takeOut(item) {
  const request = underWay.get(item.id);
  if (!state.films.includes(item)) return; // asked twice before the row was gone
  takeRowOut(item);
  files.drop(item);
  if (request && item.progress < 1) request.abort();
  if (!item.film) return;
  deletions.release(item.film);
  analysis.forget(item);
  tell("film-gone", item.film);
}

/** @param {Row} item */
function remove(item) {
  const next = beside(item);
  takeOut(item);
  if (state.selected === item.id) putInView(next ? next.id : null);
  publish();
  tell("removed");
}

/** @param {readonly Row[]} [items] */
function clear(items = [...state.films]) {
  items.forEach(takeOut);
  if (!rowInView()) putInView(state.films.length ? state.films[0].id : null);
  publish();
  tell("removed");
}

/* A file that came again is what an earlier row has been waiting for. */
function handOver(item, earlier) {
  files.handOver(item, earlier);
  earlier.among = item.among;
  takeOut(item);
  if (state.selected === item.id) putInView(earlier.id);
  retry(earlier);
}

/* Whether the row needs no sending, because another has the film, or now gets it. */
function isDouble(item) {
  if (item.anyway || item.phantom) return false;
  const other = duplicates.earlier(item);
  if (!other) return false;
  if (other.status === "failed" || analysis.isGone(other)) handOver(item, other);
  else {
    Object.assign(item, { status: "same", sameAs: other.id });
    if (state.selected === item.id || (item.drop && !item.drop.pointed)) {
      if (item.drop) item.drop.pointed = true;
      select(other.id);
      tell("reveal", other.id);
    }
  }
  return true;
}

/** @param {Row} item */
function addAnyway(item) {
  item.anyway = true;
  retry(item);
}

/** The list as it was before a reload, and how many rows there had been; there are no files with it.
 * @param {Row[]} kept
 * @param {number} [given]
 */
function restore(kept, given = 0) {
  rows = given;
  for (const item of kept) {
    rows = Math.max(rows, Number(item.id.slice("row-".length)));
    numbers = Math.max(numbers, item.number);
    if (item.phantom) files.keep(item, null);
    if (["waiting", "sending"].includes(item.status) || item.lost) fail(item, "unsent");
    else if (item.status === "failed" && item.problem) fail(item, files.inHand(item) || item.final ? item.problem : "unsent");
    addRow(item);
  }
}

listen("server-back", resumeAfterLoss);

const given = () => rows;

export { add, addAnyway, retry, stop, waiting, remove, clear, restore, given };
