/* What a reader takes away: which of it there is for the film in view, and the way from the server to a file. */
import { byId, changed, element, ifThere, painters, present, setText, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { lower, t } from "../0-core/10-words.js";
import { modelFacts, nameOf } from "../0-core/12-model.js";
import { isKept, rowAtHand, rowInView } from "../0-core/13-films.js";
import { threshold } from "../0-core/14-cuts.js";
import { answerKey, answerOf, hidden, readable } from "../0-core/15-answers.js";
import * as requests from "../0-core/16-requests.js";
import * as prevalence from "../0-core/21-prevalence.js";
import { labelAtHand } from "../0-core/22-ranked.js";
import { colourMapInForce } from "../5-film/54-heat.js";
import * as analysis from "../3-list/30-analysis.js";
import * as rowLabels from "../3-list/33-row-labels.js";
import * as marks from "../5-film/58-marks.js";
import * as exportBody from "./62-export-body.js";
import * as downloadMenu from "./63-download-menu.js";

/** @type {Record<string, string>} */
const PICTURES = { overlay: "overlay.png", heat: "heat.png", side: "side-by-side.png", map: "map.npy" };
const LISTS = ["csv", "json", "zip", "zip-full"];
/** @type {Record<string, string>} */
const ZIPS = { zip: "grid", "zip-full": "full" }; // and how large the raw maps in it are
const LIMIT_MS = 900000; // a list of fifty films with all their maps is written while it is sent
const KINDS = [...Object.keys(PICTURES), "report", ...LISTS];
let said = /** @type {{ film: string | null, text: string, shown?: string | null }} */ ({ film: null, text: "" }); // what became of the last download, and where that is to be read
let job = /** @type {AbortController | null} */ (null); // of the download under way

/** Why a download cannot be had, in words; "" when it can.
 * @param {string} kind
 */
function why(kind) {
  const item = rowInView();
  if (LISTS.includes(kind)) return state.films.length && state.facts ? "" : t("No film yet.");
  if (!item) return t("No film yet.");
  if (!item.film) return t("This film is not on the server.");
  const answer = answerOf(item);
  if (!answer) return t("This film is still being read.");
  if (answer.error) return t("This film could not be read.");
  if (kind === "report") return "";
  if (!readable(item, answer)) return t("This film cannot be judged: there are no figures to take away.");
  const label = labelAtHand();
  if (kind !== "map" && answer.heat[label].flat) {
    return t("No localised evidence for {name}.", { name: lower(nameOf(label)) });
  }
  return "";
}

/** Where a download comes from, as the arguments of a request.
 * @param {string} kind
 * @returns {[string, RequestInit]}
 */
function request(kind) {
  if (!(kind in PICTURES)) {
    const report = kind === "report";
    const body = exportBody.of(report ? [rowAtHand()] : state.films, { maps: ZIPS[kind], labelled: report });
    return exportBody.request(report ? "pdf" : kind in ZIPS ? "zip" : kind, JSON.stringify(body));
  }
  const item = rowAtHand();
  if (!isKept(item)) throw new Error("this film is not on the server");
  const label = labelAtHand();
  const model = modelFacts().id;
  const query = new URLSearchParams({
    colour_map: colourMapInForce(), opacity: String(state.view.opacity), threshold: String(threshold(label)), lang: words.language(),
    anyway: state.showRejected.has(answerKey(model, item.film)) ? "1" : "0",
  });
  for (const [name, value] of Object.entries(exportBody.seen())) query.set(name, value === true ? "1" : value === false ? "0" : String(value));
  const drawn = marks.exported(item);
  if (drawn.length) query.set("marks", JSON.stringify(drawn));
  if (prevalence.isOwn(label)) query.set("prevalence", String(prevalence.wanted(label)));
  return [`/films/${item.film}/${model}/${label}/${PICTURES[kind]}?${query}`, {}];
}

/** @type {(text: string, film?: string | null) => void} */
function say(text, film = null) {
  said = { film, text, shown: film === null ? state.selected : null };
  changed();
}

/** Fetched here, not by the browser on its own: a refusal would take the reader away from the list of films.
 * @param {string} kind
 */
async function save(kind) {
  if (job) return;
  const film = LISTS.includes(kind) ? null : (rowAtHand().film ?? null);
  const label = slug(kind); // of the row that is asked for, wherever the reader has gone when the file is there
  const mine = new AbortController();
  job = mine;
  /** @param {string} text */
  const tell = (text) => say(text, film);
  tell(t("Preparing the file…"));
  try {
    const [path, options] = request(kind);
    const reply = await requests.ask(path, { signal: mine.signal, limit: LIMIT_MS, ...options });
    if (reply.ok) tell(t("Saved: {name}.", { name: await keep(reply, kind, label, tell) }));
    else tell(t("Not saved. {reason}", { reason: await analysis.refused(reply, film) }));
  } catch (error) {
    const stopped = requests.isNamed(error, "AbortError");
    tell(stopped ? t("Stopped; nothing was saved.") : t("Not saved: the server does not answer. Try again."));
  } finally {
    job = null;
    changed();
  }
}

/** What the reader wrote on the film, or on the only one of the list, for the file's name: the server is not told.
 * @param {string} kind
 */
function slug(kind) {
  const one = LISTS.includes(kind) && state.films.length > 1 ? null : rowInView();
  return one ? rowLabels.slug(one) : "";
}

/** Into the reader's folder of downloads, under the name the server gave and the film's label; returns that name.
 * @type {(reply: Response, kind: string, label: string, tell: (text: string) => void) => Promise<string>} */
async function keep(reply, kind, label, tell) {
  const [, given] = present(/filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition") ?? ""), "name of the file");
  const name = label ? given.replace(/(\.\w+)$/, `-${label}$1`) : given;
  const blob = kind in ZIPS ? await counted(reply, tell) : await reply.blob();
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  return name;
}

/** The ZIP names each film as it comes: that is the progress.
 * @type {(reply: Response, tell: (text: string) => void) => Promise<Blob>} */
function counted(reply, tell) {
  const numbers = state.films.map((item) => item.number);
  const seen = exportBody.filmsIn((number) => {
    const n = numbers.indexOf(number) + 1;
    if (n) tell(t("Film {n} of {total}…", { n, total: numbers.length }));
  });
  const stream = present(reply.body, "file in this answer").pipeThrough(
    new TransformStream({
      transform(chunk, out) {
        seen(chunk);
        out.enqueue(chunk);
      },
    }),
  );
  return new Response(stream, { headers: { "Content-Type": "application/zip" } }).blob();
}

function build() {
  for (const kind of KINDS) {
    byId(`download-${kind}`).addEventListener("click", () => {
      const reason = why(kind);
      downloadMenu.close();
      if (reason) say(reason);
      else save(kind);
    });
  }
  byId("download-cancel").addEventListener("click", () => job && job.abort());
  downloadMenu.build();
}

/** @param {string} kind */
function paintItem(kind) {
  const node = byId(`download-${kind}`);
  const reason = why(kind);
  node.setAttribute("aria-disabled", String(Boolean(reason)));
  const place = node.querySelector(".download-why");
  if (place) setText(place, reason || size(kind));
  else node.title = reason;
}

/** How large a ZIP will be, as near as pixels tell; it is counted over the whole list, so only for who looks.
 * @param {string} kind
 */
function size(kind) {
  if (!(kind in ZIPS) || byId("download-menu").hidden) return "";
  return t("about {size}", { size: words.megabytes(exportBody.bytesOfZip(state.films, ZIPS[kind])) });
}

function paint() {
  const bar = ifThere("downloads");
  if (!bar || !state.facts) return;
  const item = rowInView();
  bar.hidden = state.lateModel || hidden(item);
  if (bar.hidden) downloadMenu.close(false);
  for (const kind of KINDS) paintItem(kind);
  byId("download-cancel").hidden = !job;
  const here = said.film === null ? said.shown === state.selected || job : item && said.film === item.film;
  setText(byId("download-note"), here ? said.text : "");
}

painters.push(paint);

export { build };
