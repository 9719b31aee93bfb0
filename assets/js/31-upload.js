/* From a file in the reader's hand to a film under a key. A file's own name stays in this script. */
"use strict";

cxr.upload = (() => {
  const { state, element, byId } = cxr;
  const ACCEPT = "image/png,image/jpeg,image/webp,.png,.jpg,.jpeg,.jfif,.webp";
  const AT_ONCE = 2;
  const MOST_TRIES = 3; // a film that takes the server down with it is not sent for ever
  const files = new Map(); // row id -> File, or null for the phantom
  let numbers = 0;
  let sending = 0;

  /* What Dash is told: no names. */
  function publish() {
    cxr.store(
      "films",
      state.films.map(({ id, number, status, film, message, remedy }) => ({
        id, number, status, film: film || null, message: message || null, remedy: remedy || null,
      })),
    );
    cxr.changed();
  }

  function add(list) {
    for (const entry of list) {
      const item = { id: `row-${++numbers}`, number: numbers, status: "waiting", progress: 0 };
      state.films.push(item);
      files.set(item.id, entry.file);
      item.phantom = entry.file === null;
      if (entry.folder) fail(item, "A folder cannot be opened.", "Drop the films themselves.");
      else if (entry.file && entry.file.size > state.settings.max_upload_bytes) {
        fail(
          item,
          `This file has ${cxr.words.megabytes(entry.file.size)}; at most ` +
            `${cxr.words.megabytes(state.settings.max_upload_bytes)} can be opened.`,
          "Export it at a lower resolution, or as JPEG.",
          { final: true },
        );
      }
      if (!state.selected) state.selected = item.id;
    }
    publish();
    pump();
  }

  function fail(item, message, remedy = "", { final = false, lost = false } = {}) {
    Object.assign(item, { status: "failed", message, remedy, final, lost });
  }

  function pump() {
    while (sending < AT_ONCE && !state.serverLost) {
      const item = state.films.find((candidate) => candidate.status === "waiting");
      if (!item) return;
      sending += 1;
      item.status = "sending";
      send(item).finally(() => {
        sending -= 1;
        publish();
        cxr.analysis.next();
        pump();
      });
    }
  }

  async function send(item) {
    const file = files.get(item.id);
    if (file) {
      // a file that was moved or unplugged fails here, and is not taken for a lost server
      try {
        await file.slice(0, 1).arrayBuffer();
      } catch {
        fail(item, "This file can no longer be read.", "It may have been moved: drop it again.");
        return;
      }
    }
    const reply = await post(item, file);
    if (!state.films.includes(item)) {
      if (reply.film) release(reply.film);
    } else if (reply.film) {
      const known = { status: "kept", film: reply.film, width: reply.width, height: reply.height };
      Object.assign(item, known, { message: "", remedy: "", keptAt: Date.now() });
    } else if (reply.error) fail(item, reply.error.message, reply.error.remedy);
    else {
      item.tries = (item.tries || 0) + 1;
      const lost = item.tries < MOST_TRIES;
      fail(item, "The server does not answer.", "The film is still here: try again.", { lost });
      cxr.analysis.lost();
    }
  }

  /* POST the raw bytes; fetch cannot report progress, XMLHttpRequest can. */
  function post(item, file) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const model = state.facts ? `?model=${encodeURIComponent(state.facts.id)}` : "";
      request.open("POST", cxr.url(file ? `/films${model}` : `/films/phantom${model}`));
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.addEventListener("progress", (event) => {
        item.progress = event.lengthComputable ? event.loaded / event.total : 0;
        cxr.changed();
      });
      request.addEventListener("load", () => resolve(readReply(request)));
      for (const kind of ["error", "abort", "timeout"]) request.addEventListener(kind, () => resolve({}));
      request.send(file || null);
    });
  }

  function readReply(request) {
    try {
      const body = JSON.parse(request.responseText);
      if (body.film || body.error) return body;
    } catch {
      // not one of our answers: a proxy's page, or nothing
    }
    const message = request.status === 413
      ? "This file is larger than the server accepts."
      : `The server could not take this film (${request.status}).`;
    return { error: { message, remedy: request.status === 413 ? "Export it as JPEG." : "Try again." } };
  }

  function release(film) {
    fetch(cxr.url(`/films/${film}`), { method: "DELETE", keepalive: true }).catch(() => {});
  }

  function retry(item) {
    if (item.film) {
      cxr.analysis.forget(item);
      item.film = null;
    }
    Object.assign(item, { status: "waiting", message: "", remedy: "", progress: 0, lost: false });
    publish();
    pump();
  }

  function resumeAfterLoss() {
    for (const item of state.films) if (item.status === "failed" && item.lost) retry(item);
    pump();
  }

  function remove(item) {
    const index = state.films.indexOf(item);
    state.films.splice(index, 1);
    files.delete(item.id);
    if (item.film) {
      release(item.film);
      cxr.analysis.forget(item);
      cxr.pictures.forget(item.film);
    }
    if (state.selected === item.id) {
      const neighbour = state.films[Math.min(index, state.films.length - 1)];
      state.selected = neighbour ? neighbour.id : null;
    }
    publish();
  }

  const clear = () => [...state.films].forEach(remove);

  const nameOf = (item) => {
    const file = files.get(item.id);
    return file ? file.name : "the synthetic phantom";
  };

  const openPicker = () => byId("film-input").click();
  const addPhantom = () => add([{ file: null }]);

  function dropped(transfer) {
    const items = [...(transfer.items || [])].filter((item) => item.kind === "file");
    const entries = items.map((item) => {
      const entry = item.webkitGetAsEntry && item.webkitGetAsEntry();
      return { file: item.getAsFile(), folder: Boolean(entry && entry.isDirectory) };
    });
    return entries.length ? entries : [...transfer.files].map((file) => ({ file }));
  }

  function start() {
    const input = element("input", {
      type: "file", id: "film-input", multiple: true, accept: ACCEPT, tabindex: "-1", "aria-label": "Films",
    });
    input.addEventListener("change", () => {
      add([...input.files].map((file) => ({ file })));
      input.value = ""; // so that the same file can be chosen again
    });
    byId("picker").append(input);
    byId("drop").addEventListener("click", openPicker);
    byId("choose").addEventListener("click", openPicker);
    byId("phantom").addEventListener("click", addPhantom);

    let depth = 0;
    const carriesFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    const veil = (on) => document.body.classList.toggle("dropping", on);
    window.addEventListener("dragenter", (event) => {
      if (carriesFiles(event)) veil(++depth > 0);
    });
    window.addEventListener("dragleave", (event) => {
      if (carriesFiles(event)) veil(--depth > 0);
    });
    window.addEventListener("dragover", (event) => {
      if (carriesFiles(event)) event.preventDefault();
    });
    window.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      veil(false);
      add(dropped(event.dataTransfer));
    });
    window.addEventListener("paste", (event) => {
      const pasted = event.clipboardData ? [...event.clipboardData.files] : [];
      if (pasted.length) add(pasted.map((file) => ({ file })));
    });
  }

  return { start, retry, remove, clear, resumeAfterLoss, nameOf, openPicker, addPhantom };
})();
