/* The files in the reader's hand. A file's own name stays in this script, and of its bytes nothing is held but the
 * file's handle: the browser reads them as it sends them. */
"use strict";

cxr.files = (() => {
  const { t } = cxr.words;
  const PARTS_SHOWN = 2;
  const files = new Map(); // row id -> File, or what 32-zip.js finds in one; null for the phantom
  const paths = new Map(); // row id -> where in a folder or a ZIP the file lies

  function keep(item, file, path) {
    files.set(item.id, file);
    if (path) paths.set(item.id, path);
  }

  function drop(item) {
    files.delete(item.id);
    paths.delete(item.id);
  }

  /* Give one row's file to another. */
  const handOver = (item, other) => keep(other, files.get(item.id), paths.get(item.id));

  const of = (item) => files.get(item.id) || null;

  /* Whether there is something to send: after a reload a row has no file until it is dropped again. */
  const inHand = (item) => item.phantom || Boolean(of(item));

  /* A file's whole name: from the folder or ZIP down, where it came with one. */
  function pathOf(item) {
    const file = of(item);
    if (paths.has(item.id)) return paths.get(item.id);
    if (file) return file.name;
    return item.phantom ? t("the synthetic phantom") : cxr.words.film(item);
  }

  /* The end of it: the files of a study are called alike, and differ by the folder. */
  function nameOf(item) {
    const parts = pathOf(item).split("/");
    return parts.length > PARTS_SHOWN ? `…/${parts.slice(-PARTS_SHOWN).join("/")}` : parts.join("/");
  }

  return { keep, drop, handOver, of, inHand, pathOf, nameOf };
})();
