/* How files come in: dropped anywhere, chosen by themselves or as a folder, pasted. */
import { byId, element } from "../0-core/00-core.js";
import { t } from "../0-core/10-words.js";
import * as upload from "./31-upload.js";
import * as folders from "./32-folders.js";
import * as intake from "./33-intake.js";

const openPicker = () => byId("film-input").click();
/** @param {"plain" | "effusion"} drawn */
const addPhantom = (drawn) => upload.add([{ file: null, drawn }]);

function buildPicker() {
  // no choice by suffix: a film from an archive often has none
  const attributes = { type: "file", multiple: true, tabindex: "-1" };
  const files = element("input", { ...attributes, id: "film-input", "aria-label": t("Films") });
  const folder = element("input", { ...attributes, id: "folder-input", webkitdirectory: true, "aria-label": t("A folder of films") });
  const chosen = (input, sources) => {
    input.addEventListener("change", () => {
      intake.take(sources([...input.files]));
      input.value = ""; // so that the same file can be chosen again
    });
  };
  chosen(files, (list) => list.map((file) => ({ file })));
  chosen(folder, folders.ofPicker);
  byId("picker").append(files, folder);
  byId("choose-folder").addEventListener("click", () => folder.click());
  byId("drop").addEventListener("click", openPicker);
  byId("choose").addEventListener("click", openPicker);
  byId("phantom").addEventListener("click", () => addPhantom("plain"));
  byId("effusion-phantom").addEventListener("click", () => addPhantom("effusion"));
}

function start() {
  buildPicker();
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
    intake.take(folders.ofDrop(event.dataTransfer));
  });
  window.addEventListener("paste", (event) => {
    const pasted = event.clipboardData ? [...event.clipboardData.files] : [];
    if (pasted.length) intake.take(pasted.map((file) => ({ file })));
  });
}

export { start, openPicker };
