/* Everything below a dropped folder, as files with the path by which a reader knows them. */
const MOST_LOOKED_AT = 20000; // of a whole disk that was dropped by mistake

/** What a drop carries, taken while its event lasts.
 * @param {DataTransfer} transfer
 * @returns {Source[]}
 */
function ofDrop(transfer) {
  const items = [...(transfer.items || [])].filter((item) => item.kind === "file");
  if (!items.length) return [...transfer.files].map((file) => ({ file }));
  const sources = /** @type {Source[]} */ ([]);
  for (const item of items) {
    const entry = item.webkitGetAsEntry && item.webkitGetAsEntry();
    const file = isFolder(entry) ? null : item.getAsFile();
    if (isFolder(entry)) sources.push({ entry });
    else if (file) sources.push({ file });
  }
  return sources;
}

/**
 * @param {FileSystemEntry | null} entry
 * @returns {entry is FileSystemDirectoryEntry}
 */
const isFolder = (entry) => Boolean(entry && entry.isDirectory);
/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
const isFile = (entry) => entry.isFile;

/**
 * @param {{ path: string }} one
 * @param {{ path: string }} other
 */
const byPath = (one, other) => one.path.localeCompare(other.path, "en", { numeric: true });

/** What an input for folders was given.
 * @param {Iterable<File>} files
 */
const ofPicker = (files) =>
  [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name, among: true })).sort(byPath);

/** The files below a folder, in no order, with a `problem` in place of what may not be opened.
 * @param {FileSystemDirectoryEntry} entry
 * @param {(files: number) => void} counted
 */
async function below(entry, counted) {
  const found = /** @type {Lying[]} */ ([]);
  const folders = [entry];
  for (let folder = folders.pop(); folder && found.length < MOST_LOOKED_AT; folder = folders.pop()) {
    for (const child of await children(folder)) {
      if (!child) found.push({ path: folder.fullPath.slice(1), among: true, problem: "folder_locked" });
      else if (isFolder(child)) folders.push(child);
      else if (isFile(child)) {
        found.push({ path: child.fullPath.slice(1), among: true, load: () => new Promise((take, fail) => child.file(take, fail)) });
      }
    }
    counted(found.length);
  }
  return found;
}

/** A browser hands over a folder's children a hundred at a time; null stands for those that it may not read.
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<(FileSystemEntry | null)[]>}
 */
async function children(folder) {
  const reader = folder.createReader();
  const all = /** @type {FileSystemEntry[]} */ ([]);
  try {
    for (;;) {
      const some = /** @type {FileSystemEntry[]} */ (await new Promise((take, fail) => reader.readEntries(take, fail)));
      if (!some.length) return all;
      all.push(...some);
    }
  } catch {
    return [...all, null];
  }
}

export { ofDrop, ofPicker, below, byPath };
