/* The worklist: one row a film, whatever became of it. Rows are updated in place, so focus is never lost. */
import { changed, element, ifThere, listen, onKey, painters, setText, state, url } from "../0-core/00-core.js";
import { film, N_, t } from "../0-core/10-words.js";
import { beside, rowInView, select } from "../0-core/13-films.js";
import { heard } from "../0-core/15-answers.js";
import * as statistics from "../0-core/20-statistics.js";
import * as analysis from "./30-analysis.js";
import * as files from "./30-files.js";
import * as duplicates from "./31-duplicates.js";
import * as upload from "./31-upload.js";
import * as patients from "./33-patients.js";
import * as rowLabels from "./33-row-labels.js";
import * as dropping from "./34-dropping.js";
import * as listing from "./34-listing.js";

const rows = /** @type {Map<string, RowNodes>} */ (new Map()); // by row
const headings = /** @type {Map<string, HTMLLIElement>} */ (new Map()); // by text
const touched = /** @type {Set<Row>} */ (new Set()); // items whose progress alone has changed
let lazy = /** @type {IntersectionObserver | null} */ (null); // watches which rows come into view

/** @typedef {ReturnType<typeof make>} RowNodes */
/** @param {Row} item */
function make(item) {
  const thumb = element("span", { class: "thumb", "aria-hidden": "true" });
  const badge = element("span", { class: "row-badge", "aria-hidden": "true" });
  const title = element("span", { class: "row-title" });
  const patient = element("span", { class: "row-patient" });
  const name = element("span", { class: "row-name" });
  const note = element("span", { class: "row-note" });
  const bar = element("span", { class: "track mini", "aria-hidden": "true" }, [
    element("span", { class: "finding-fill" }),
    element("span", { class: "finding-cut" }),
  ]);
  const tick = element("span", { class: "hidden-label" });
  const main = element(
    "button",
    { class: "row-main", type: "button", title: files.pathOf(item), onclick: () => choose(item) },
    [thumb, badge, element("span", { class: "row-text" }, [title, tick, patient, name, note, bar])],
  );
  const reason = element("p", { class: "row-reason" });
  const again = element("button", { class: "link", type: "button", onclick: () => act(item) });
  const mark = element("button", { class: "row-mark", type: "button", text: "✓", onclick: () => markRead(item) });
  const label = element("button", { class: "row-label", type: "button", text: "✎" }); // 39-row-label.js
  const remove = element("button", { class: "row-remove", type: "button", text: "×" });
  // the second click of two would meet the row that moved up
  remove.addEventListener("click", (event) => event.detail < 2 && takeAway(item));
  const node = element("li", { class: "row" }, [main, label, mark, remove, element("div", { class: "row-more" }, [reason, again])]);
  node.dataset.row = item.id;
  lazy?.observe(node);
  return { node, main, thumb, badge, title, patient, name, tick, note, bar, reason, again, label, mark, remove, said: "", near: false, path: "" };
}

/** A double has nothing of its own to show: its original comes into view.
 * @param {Row} item
 */
function choose(item) {
  const { id } = duplicates.original(item);
  select(id);
  if (id !== item.id) reveal(id);
}

/** Pictures of rows that come near the view, and of no others.
 * @param {HTMLElement} list
 */
function watch(list) {
  return new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const { row: id } = /** @type {HTMLElement} */ (target).dataset;
        const row = id && rows.get(id);
        if (row && row.near !== isIntersecting) {
          row.near = isIntersecting;
          paintThumb(row, state.films.find((item) => item.id === id));
        }
      }
    },
    { root: list, rootMargin: "200px 0px" },
  );
}

/** @type {(row: RowNodes, item: Row | undefined) => void} */
function paintThumb(row, item) {
  const path = item && item.film && row.near ? `url("${url(`/films/${item.film}/thumbnail.jpg`)}")` : "";
  if (!path || row.path === path) return;
  row.path = path;
  row.thumb.style.backgroundImage = path;
}

/** @param {Row} item */
function act(item) {
  if (!listing.describe(item).action) return; // clicked twice, before the row was painted without its button
  const answer = heard(item);
  if (item.status === "same") upload.addAnyway(item);
  else if (item.status === "kept" && answer && answer.error && answer.error.code !== "case_not_found") {
    analysis.retry(item);
  } else upload.retry(item);
}

/** @param {Row} item */
const isBusy = (item) => ["waiting", "sending"].includes(item.status);

/** Stops what is under way, takes out what is not; the keyboard goes on beside it.
 * @param {Row} item
 */
function takeAway(item) {
  if (isBusy(item)) {
    upload.stop([item]);
    return;
  }
  const held = rows.get(item.id)?.node.contains(document.activeElement);
  const next = beside(item);
  upload.remove(item);
  if (held && next) rows.get(next.id)?.main.focus();
}

/** Only the reader says that a film was read. Where that takes it off the screen, the next one comes.
 * @param {Row} item
 */
function markRead(item) {
  const next = beside(item);
  item.read = !item.read;
  if (state.selected === item.id && next && !listing.shown().includes(item)) select(next.id);
  changed();
}

/** @param {Row} item */
function paintRow(item) {
  const row = rows.get(item.id) ?? make(item);
  rows.set(item.id, row);
  const what = listing.describe(item);
  const selected = item.id === state.selected;
  const called = { label: rowLabels.of(item), name: files.knownEnd(item), patient: patients.of(item).short };
  const said = JSON.stringify([what, selected, item.number, item.read, called, isBusy(item), item.film]);
  if (row.said !== said) {
    row.said = said;
    write(row, item, what, selected, called);
  }
  return row.node;
}

/** @type {(row: RowNodes, item: Row, what: RowSays, selected: boolean, called: Record<"label" | "name" | "patient", string>) => void} */
function write(row, item, what, selected, called) {
  row.node.dataset.state = what.state;
  row.node.classList.toggle("selected", selected);
  row.node.classList.toggle("is-read", Boolean(item.read));
  row.main.setAttribute("aria-current", String(selected));
  setText(row.title, rowLabels.title(item));
  setText(row.patient, called.patient);
  setText(row.name, called.name);
  setText(row.tick, item.read ? t("read") : "");
  setText(row.note, what.note);
  row.note.title = what.note;
  setText(row.badge, sign(what));
  // a folded list shows the picture alone: the row is then named by its title
  row.main.title = [rowLabels.title(item), called.patient, what.note, files.pathOf(item)].filter(Boolean).join(" · ");
  const failed = what.state === "error";
  const name = files.nameOf(item);
  setText(row.reason, failed && what.reason ? t("{file}: {reason}", { file: name, reason: what.reason.trim() }) : "");
  row.node.classList.toggle("has-reason", failed || Boolean(what.action));
  row.again.hidden = !what.action;
  const anyway = what.action === "anyway";
  setText(row.again, anyway ? t("Add anyway") : t("Try again"));
  row.again.setAttribute("aria-label", anyway ? t("Add {film} anyway", { film: film(item) }) : t("Try {film} again", { film: film(item) }));
  row.bar.hidden = what.share === undefined;
  row.bar.style.setProperty("--share", String(what.state === "busy" ? what.share : statistics.scale(what.share || 0)));
  row.bar.style.setProperty("--cut", String(what.cut === undefined ? -1 : statistics.scale(what.cut)));
  writeButtons(row, item);
  paintThumb(row, item);
}

const SIGNS = { clear: "–", reject: "?", error: "!", same: "=", held: "·", busy: "" };

/** In one sign, for a folded list: how many findings are to check, as headline and row count them, or what became of the film.
 * @param {RowSays} said
 */
const sign = ({ state: what, check }) => (what === "above" ? String(check || "") : SIGNS[what]);

/** @type {(row: RowNodes, item: Row) => void} */
function writeButtons(row, item) {
  const busy = isBusy(item);
  row.mark.hidden = busy || item.status === "same";
  row.mark.setAttribute("aria-pressed", String(Boolean(item.read)));
  row.mark.setAttribute("aria-label", t("Mark {film} as read", { film: film(item) }));
  row.mark.title = item.read ? t("Read; press U to take the mark off") : t("Mark as read (U)");
  row.label.setAttribute("aria-label", t("Write a label on {film}", { film: film(item) }));
  row.label.title = t("Write a label (F2)");
  row.remove.title = busy ? t("Stop sending this film") : t("Remove from the list and from the server");
  row.remove.setAttribute("aria-label", busy ? t("Stop sending {film}", { film: film(item) }) : t("Remove {film}", { film: film(item) }));
}

function forgetRows() {
  const known = new Set(state.films.map((item) => item.id));
  for (const [id, row] of rows) {
    if (known.has(id)) continue;
    lazy?.unobserve(row.node);
    row.node.remove();
    rows.delete(id);
  }
}

/** @type {(text: string, films: number) => HTMLLIElement} */
function headingNode(text, films) {
  const node = headings.get(text) ?? element("li", { class: "list-group" });
  headings.set(text, node);
  setText(node, t("{heading} · {n}", { heading: text, n: films }));
  return node;
}

/* The nodes of the list, from the top: headings where there are groups, and rows. */
function wantedNodes() {
  const shown = listing.shown();
  const titles = shown.map(listing.heading);
  const nodes = /** @type {HTMLLIElement[]} */ ([]);
  shown.forEach((item, index) => {
    const title = titles[index];
    if (title && title !== titles[index - 1]) nodes.push(headingNode(title, titles.filter((other) => other === title).length));
    nodes.push(paintRow(item));
  });
  return nodes;
}

function paint() {
  const list = ifThere("worklist");
  if (!list) return;
  lazy ??= watch(list);
  forgetRows();
  const held = /** @type {HTMLElement | null} */ (list.contains(document.activeElement) ? document.activeElement : null);
  let at = list.firstChild;
  for (const node of wantedNodes()) {
    if (node === at) at = at.nextSibling;
    else list.insertBefore(node, at);
  }
  while (at) {
    const after = at.nextSibling;
    at.remove();
    at = after;
  }
  // a row that was moved takes the focus with it
  if (held && held.isConnected && document.activeElement !== held) held.focus({ preventScroll: true });
}

/** Paint one row before the next frame: its film has come a little further.
 * @param {Row} item
 */
function touch(item) {
  touched.add(item);
  if (touched.size > 1) return;
  requestAnimationFrame(() => {
    for (const one of touched) if (rows.has(one.id)) paintRow(one);
    touched.clear();
  });
}

/** One row up or down, as the rows stand on the screen.
 * @param {number} by
 */
function step(by) {
  const items = listing.shown().filter((item) => duplicates.original(item) === item);
  if (!items.length) return;
  const index = items.findIndex((item) => item.id === state.selected);
  const item = items[Math.min(items.length - 1, Math.max(0, index + by))];
  select(item.id);
  reveal(item.id);
}

/** @param {string} id */
function reveal(id) {
  requestAnimationFrame(() => rows.get(id)?.node.scrollIntoView({ block: "nearest" }));
}

/* One row is marked: the keyboard's mark goes along where it was on a row. */
function follow() {
  const row = state.selected && rows.get(state.selected);
  if (row && document.activeElement && document.activeElement.matches(".row-main")) row.main.focus({ preventScroll: true });
}

/** @type {(fn: (item: Row) => void) => () => void} */
const onSelected = (fn) => () => {
  const item = rowInView();
  if (item) fn(item);
};

painters.push(paint);
listen("progress", touch);
listen("reveal", reveal);
listen("selected", follow);
onKey("ArrowUp", "list", N_("previous film"), () => step(-1), "↑");
onKey("ArrowDown", "list", N_("next film"), () => step(1), "↓");
onKey("k", "list", "", () => step(-1));
onKey("j", "list", "", () => step(1));
onKey("u", "list", N_("mark as read, or as unread"), onSelected(markRead));
onKey("Delete", "list", N_("remove the film, or stop sending it"), onSelected(takeAway), "Del");
onKey("o", "list", N_("open films"), () => dropping.openPicker());
