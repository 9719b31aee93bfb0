/* The room for one film or two, and when they are laid anew. */
"use strict";

cxr.stage = (() => {
  const STILL_AFTER_MS = 180;
  const two = [];
  let stage = null;
  let placing = false;
  let stillTimer = 0;

  function build(node) {
    stage = node;
    ["first", "second"].forEach((name, index) => {
      const sheet = cxr.sheet.make(name, index === 0 ? "heat-canvas" : "heat-canvas-2");
      Object.assign(sheet, { index });
      two.push(sheet);
      stage.append(sheet.node);
    });
  }

  /* Lay the films anew before the next frame. While they move they are layers of their own, which is quick;
   * at rest they are drawn at their exact size, which is sharp. */
  function moved(moving = true) {
    if (moving && stage) {
      stage.classList.add("moving");
      clearTimeout(stillTimer);
      stillTimer = setTimeout(() => stage.classList.remove("moving"), STILL_AFTER_MS);
    }
    if (placing) return;
    placing = true;
    requestAnimationFrame(() => {
      placing = false;
      cxr.tell("lay");
    });
  }

  return { build, moved, sheets: () => two };
})();
