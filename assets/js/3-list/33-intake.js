/* From what a reader drops or chooses to the files that become rows: folders and ZIPs are looked through, in the
 * order of their paths. Nothing is judged by its name but what systems leave in folders by themselves; whether a
 * file is a film, the server says. All names stay in the browser. */
import { changed, listen, pageSettings, state } from "../0-core/00-core.js";
import * as problems from "./31-problems.js";
import * as upload from "./31-upload.js";
import * as folders from "./32-folders.js";
import * as zip from "./32-zip.js";

const LEFT_BEHIND = ["thumbs.db", "ehthumbs.db", "desktop.ini", "dicomdir", "__macosx"];
const aside = /** @type {{ path: string, message: string }[]} */ ([]); // files of folders and ZIPs that are no films
const nothing = () => ({ looking: 0, left: 0, added: 0, total: 0, many: false, empty: false });
let news = nothing(); // what there is to say of what came last
let turn = Promise.resolve();

/** @param {string} path */
const name = (path) => path.slice(path.lastIndexOf("/") + 1);
/** @param {string} part */
const hidden = (part) => /^\.[^.]/.test(part) || LEFT_BEHIND.includes(part.toLowerCase());

/** One drop after the other, so that none mixes in.
 * @param {Source[]} sources
 */
function take(sources) {
  const mine = turn.then(() => look(sources));
  turn = mine.catch(() => {}); // a fault of ours in one drop does not cost the next
  return mine;
}

/** @param {Source[]} sources */
async function look(sources) {
  news = nothing();
  const room = Math.max(0, pageSettings().most_films - state.films.length);
  const found = /** @type {Entry[]} */ ([]);
  for (const source of sources) {
    for (const file of await expand(source)) {
      if (found.length < room) found.push(...(await opened(file)));
      else news.total += 1;
    }
  }
  const kept = found.slice(0, room);
  news = { ...news, looking: 0, added: kept.length, total: news.total + found.length };
  news.many = news.total > kept.length;
  news.empty = !news.total;
  upload.add(kept);
}

/** A folder's files by path, without what systems leave there; anything else as it is.
 * @param {Source} source
 * @returns {Promise<(Chosen | Lying)[]>}
 */
async function expand(source) {
  if (!("entry" in source)) return source.path !== undefined && source.among ? withoutLeft([{ ...source, path: source.path }], 1) : [source];
  const found = await folders.below(source.entry, (number) => {
    news.looking = number;
    changed();
  });
  return withoutLeft(found.sort(folders.byPath), 1);
}

/** The first `own` parts of a path are what the reader named.
 * @template {{ path: string }} F
 * @param {F[]} files
 * @param {number} own
 */
function withoutLeft(files, own) {
  const kept = files.filter(({ path }) => !path.split("/").slice(own).some(hidden));
  news.left += files.length - kept.length;
  return kept;
}

/** The rows of one file: itself, or what is in it where it is a ZIP.
 * @param {Chosen | Lying} source
 * @returns {Promise<Entry[]>}
 */
async function opened(source) {
  const { among } = source;
  if ("problem" in source) return [{ ...source, file: { name: name(source.path), size: 0 } }];
  try {
    const file = "file" in source ? source.file : await source.load();
    const path = source.path || file.name;
    if (!among && file.name.toUpperCase() === "DICOMDIR") return [{ file, problem: "index" }];
    if (!(await zip.isZip(file))) return [{ file, path: source.path, among }];
    return await members(file, path);
  } catch {
    // moved, or unplugged: the row that is sent says so
    const file = "file" in source ? source.file : { name: name(source.path), size: 0 };
    return [{ file, path: source.path, among, problem: "unreadable" }];
  }
}

/** @type {(archive: File, path: string) => Promise<Entry[]>} */
async function members(archive, path) {
  let found = /** @type {Member[] | null} */ (null);
  try {
    found = await zip.list(archive);
  } catch (error) {
    const problem = problems.codeOf(error);
    if (!problem) throw error;
    return [{ file: archive, path, problem }];
  }
  if (!found) return [{ file: archive, path }];
  const kept = withoutLeft(found, 0).sort(folders.byPath);
  const [first] = kept;
  if (!kept.length) return [{ file: archive, path, problem: "zip_empty" }];
  // one row says it as well as a hundred
  if (first.problem && kept.every(({ problem }) => problem === first.problem)) {
    return [{ file: archive, path, problem: first.problem }];
  }
  return kept.map((file) => ({ file, path: `${path}/${file.path}`, among: true, problem: file.problem }));
}

listen("set-aside", (file) => {
  aside.push(file);
  changed();
});

function dismiss() {
  aside.length = 0;
  news = nothing();
  changed();
}

const said = () => news;

export { take, dismiss, aside, said };
