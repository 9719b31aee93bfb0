/* How files come in: dropped anywhere, chosen, pasted. */
"use strict";

cxr.dropping = (() => {
  const { element, byId } = cxr;
  const { t } = cxr.words;
  const ACCEPT = "image/png,image/jpeg,image/webp,.png,.jpg,.jpeg,.jfif,.webp";

  const openPicker = () => byId("film-input").click();
  const addPhantom = () => cxr.upload.add([{ file: null }]);

  function dropped(transfer) {
    const items = [...(transfer.items || [])].filter((item) => item.kind === "file");
    const entries = items.map((item) => {
      const entry = item.webkitGetAsEntry && item.webkitGetAsEntry();
      return { file: item.getAsFile(), folder: Boolean(entry && entry.isDirectory) };
    });
    return entries.length ? entries : [...transfer.files].map((file) => ({ file }));
  }

  function buildPicker() {
    const input = element("input", {
      type: "file", id: "film-input", multiple: true, accept: ACCEPT, tabindex: "-1", "aria-label": t("Films"),
    });
    input.addEventListener("change", () => {
      cxr.upload.add([...input.files].map((file) => ({ file })));
      input.value = ""; // so that the same file can be chosen again
    });
    byId("picker").append(input);
    byId("drop").addEventListener("click", openPicker);
    byId("choose").addEventListener("click", openPicker);
    byId("phantom").addEventListener("click", addPhantom);
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
      cxr.upload.add(dropped(event.dataTransfer));
    });
    window.addEventListener("paste", (event) => {
      const pasted = event.clipboardData ? [...event.clipboardData.files] : [];
      if (pasted.length) cxr.upload.add(pasted.map((file) => ({ file })));
    });
  }

  return { start, openPicker, addPhantom };
})();
