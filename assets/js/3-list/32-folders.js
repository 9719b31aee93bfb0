/* Everything below a dropped folder, as files with the path by which a reader knows them. */
const MOST_LOOKED_AT = 20000; // of a whole disk that was dropped by mistake

/** What a drop carries, taken while its event lasts: {file, path, among} or {entry} for a folder.
 * @param {DataTransfer} transfer
 */
function ofDrop(transfer) {
  const items = [...(transfer.items || [])].filter((item) => item.kind === "file");
  /** @typedef {{ entry?: FileSystemEntry, file?: File }} Carried */
  const sources = items.map((item) => {
    const entry = item.webkitGetAsEntry && item.webkitGetAsEntry();
    return /** @type {Carried} */ (entry && entry.isDirectory ? { entry } : { file: item.getAsFile() });
  });
  return (sources.length ? sources : [...transfer.files].map((file) => /** @type {Carried} */ ({ file }))).filter(({ entry, file }) => entry || file);
}

/**
 * @param {{ path?: string }} one
 * @param {{ path?: string }} other
 */
const byPath = (one, other) => one.path.localeCompare(other.path, "en", { numeric: true });

/** What an input for folders was given.
 * @param {Iterable<File>} files
 */
const ofPicker = (files) =>
  [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name, among: true })).sort(byPath);

/* The files below a folder, in no order: {path, among, file()}, or {path, problem} where it may not be opened. */
async function below(entry, counted) {
  const found = [];
  const folders = [entry];
  while (folders.length && found.length < MOST_LOOKED_AT) {
    const folder = folders.pop();
    for (const child of await children(folder)) {
      if (!child) found.push({ path: folder.fullPath.slice(1), among: true, problem: "folder_locked" });
      else if (child.isDirectory) folders.push(child);
      else found.push({ path: child.fullPath.slice(1), among: true, load: () => new Promise((take, fail) => child.file(take, fail)) });
    }
    counted(found.length);
  }
  return found;
}

/* A browser hands over a folder's children a hundred at a time; null stands for those that it may not read. */
async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  try {
    for (;;) {
      const some = await new Promise((take, fail) => reader.readEntries(take, fail));
      if (!some.length) return all;
      all.push(...some);
    }
  } catch {
    return [...all, null];
  }
}

export { ofDrop, ofPicker, below, byPath };
