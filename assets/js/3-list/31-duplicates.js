/* The same file again: known by its content, whatever it is called. */
"use strict";

cxr.duplicates = (() => {
  const { state } = cxr;
  let turn = Promise.resolve();

  /* SHA-256 of the file's bytes, in hex; one file at a time, so that no more than one is in memory. Over plain
   * HTTP from another machine browsers offer no digest: null then, and the server's comes with its answer. */
  function fingerprint(file) {
    const mine = turn.then(() => digest(file));
    turn = mine.catch(() => {});
    return mine;
  }

  async function digest(file) {
    if (!window.crypto || !window.crypto.subtle) {
      await file.slice(0, 1).arrayBuffer();
      return null;
    }
    const bytes = new Uint8Array(await window.crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function sameFile(item, earlierItem) {
    const [one, other] = [item, earlierItem].map(cxr.files.of);
    return Boolean(one && other) && one.size === other.size && one.lastModified === other.lastModified &&
      cxr.files.pathOf(item) === cxr.files.pathOf(earlierItem);
  }

  /* The row that has this film already. Without digests the same name, size and date stand for the same file. */
  function earlier(item) {
    return state.films.find((other) => {
      if (other === item || other.status === "waiting" || other.status === "same") return false;
      return item.sha && other.sha ? item.sha === other.sha : sameFile(item, other);
    });
  }

  const twin = (item) => state.films.find((other) => other.id === item.sameAs) || null;

  return { fingerprint, earlier, twin };
})();
