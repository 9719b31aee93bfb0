/* The keyboard: everything a reader does between films. */
"use strict";

cxr.keys = (() => {
  const { byId } = cxr;
  const ACTIONS = {
    ArrowUp: () => cxr.worklist.step(-1),
    ArrowDown: () => cxr.worklist.step(1),
    ArrowLeft: () => cxr.findings.step(-1),
    ArrowRight: () => cxr.findings.step(1),
    h: () => cxr.viewer.act("heat"),
    i: () => cxr.viewer.act("invert"),
    f: () => cxr.viewer.act("zoom"),
    w: () => cxr.viewer.act("window"),
    o: () => cxr.upload.openPicker(),
    "?": () => help(),
  };

  function help(show = byId("keys-help").hidden) {
    byId("keys-help").hidden = !show;
    byId("keys-button").setAttribute("aria-expanded", String(show));
  }

  /* Fields and the model-card window keep their own keys; a slider needs only its arrows. */
  function busy(event) {
    if (document.querySelector(".modal.show")) return true;
    if (event.target.closest('input[type="range"]')) return event.key.length > 1;
    return Boolean(event.target.closest("input, select, textarea"));
  }

  function pressed(event) {
    if (event.key === "Escape") {
      help(false);
      byId("window-popover").hidden = true;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || busy(event)) return;
    const inFindings = event.target.closest("#findings");
    let name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (inFindings && name === "ArrowUp") name = "ArrowLeft";
    else if (inFindings && name === "ArrowDown") name = "ArrowRight";
    const action = ACTIONS[name];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /* Chosen with the mouse, the selector gives the keyboard back to the films. */
  function releaseAfterMouse(select) {
    let byMouse = false;
    select.addEventListener("pointerdown", () => (byMouse = true));
    select.addEventListener("keydown", () => (byMouse = false));
    select.addEventListener("change", () => byMouse && select.blur());
  }

  function start() {
    document.addEventListener("keydown", pressed);
    releaseAfterMouse(byId("model"));
    byId("keys-button").addEventListener("click", () => help());
    document.addEventListener("click", (event) => {
      if (!event.target.closest("#keys-help, #keys-button")) help(false);
      if (!event.target.closest("#window-popover, [data-action=window]")) byId("window-popover").hidden = true;
    });
  }

  return { start };
})();
