/* The same file again: known by its content, whatever it is called. */
import { state } from "../0-core/00-core.js";
import * as files from "./30-files.js";

let turn = /** @type {Promise<unknown>} */ (Promise.resolve());

/** SHA-256 of the file's bytes, in hex; one file at a time, so that no more than one is in memory. Over plain
 * HTTP from another machine browsers offer no digest: null then, and the server's comes with its answer.
 * @param {Blob} file
 * @returns {Promise<string | null>}
 */
function fingerprint(file) {
  const mine = turn.then(() => digest(file));
  turn = mine.catch(() => {});
  return mine;
}

/** @param {Blob} file */
async function digest(file) {
  if (!window.crypto || !window.crypto.subtle) {
    await file.slice(0, 1).arrayBuffer();
    return null;
  }
  const bytes = new Uint8Array(await window.crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @type {(item: Row, earlierItem: Row) => boolean} */
function sameFile(item, earlierItem) {
  const [one, other] = [files.of(item), files.of(earlierItem)];
  if (!one || !other || one.size !== other.size || one.lastModified !== other.lastModified) return false;
  return files.pathOf(item) === files.pathOf(earlierItem);
}

/** The row that has this film already. Without digests the same name, size and date stand for the same file.
 * @param {Row} item
 * @returns {Row | undefined}
 */
function earlier(item) {
  return state.films.find((other) => {
    if (other === item || other.status === "waiting" || other.status === "same") return false;
    return item.sha && other.sha ? item.sha === other.sha : sameFile(item, other);
  });
}

/** @param {Row} item */
const twin = (item) => state.films.find((other) => other.id === item.sameAs) || null;

/** The row that shows a row's film: a double's is its original's, for as long as that is in the list.
 * @param {Row} item
 */
const original = (item) => (item.status === "same" && twin(item)) || item;

export { fingerprint, earlier, twin, original };
