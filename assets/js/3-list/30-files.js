/* The files in the reader's hand, and their names, of which the server learns none. Of a file's bytes nothing is held
 * but its handle: the browser reads them as it sends them. */
import * as words from "../0-core/10-words.js";
import { t } from "../0-core/10-words.js";

const PARTS_SHOWN = 2;
const files = new Map(); // row id -> File, or what 32-zip.js finds in one; null for a phantom
const paths = new Map(); // row id -> where in a folder or a ZIP the file lies, or the name it had before a reload

/**
 * @param {Row} item
 * @param {any} file
 * @param {string} [path]
 */
function keep(item, file, path) {
  files.set(item.id, file);
  if (path) paths.set(item.id, path);
}

/** @param {Row} item */
function drop(item) {
  files.delete(item.id);
  paths.delete(item.id);
}

/**
 * @param {Row} item
 * @param {string} path
 */
const recall = (item, path) => paths.set(item.id, path);

/** Give one row's file to another.
 * @param {Row} item
 * @param {Row} other
 */
const handOver = (item, other) => keep(other, files.get(item.id), paths.get(item.id));

/** @param {Row} item */
const of = (item) => files.get(item.id) || null;

/** Whether there is something to send: after a reload a row has no file until it is dropped again.
 * @param {Row} item
 * @returns {boolean}
 */
const inHand = (item) => Boolean(item.phantom || of(item));

/** A file's whole name: from the folder or ZIP down, where it came with one; "" where it is not known.
 * @param {Row} item
 */
const known = (item) => paths.get(item.id) || (of(item) ? of(item).name : "");

/* What a drawn chest is called. */
const drawnName = (item) => (item.phantom === "effusion" ? t("a drawn chest with an effusion") : t("a drawn chest"));

/** The same, with other words where there is no name.
 * @param {Row} item
 */
const pathOf = (item) => known(item) || (item.phantom ? drawnName(item) : words.film(item));

/* The end of a name: the files of a study are called alike, and differ by the folder. */
function end(path) {
  const parts = path.split("/");
  return parts.length > PARTS_SHOWN ? `…/${parts.slice(-PARTS_SHOWN).join("/")}` : path;
}

/** @param {Row} item */
const nameOf = (item) => end(pathOf(item));
/** @param {Row} item */
const knownEnd = (item) => end(known(item));

export { keep, recall, drop, handOver, of, inHand, known, knownEnd, pathOf, nameOf };
