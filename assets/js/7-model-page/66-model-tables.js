/* Tables of the page about the model. Each comes as one node with its cells as data and is drawn here: a part
 * of the page for each of a thousand cells would keep it from opening at once. */
import { element } from "../0-core/00-core.js";

/* What is wider than its frame can be scrolled by keyboard; the others are no stop for Tab. */
const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const target = /** @type {HTMLElement} */ (entry.target);
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const added = new MutationObserver(drawAll);

const drawn = /** @type {WeakMap<HTMLElement, string>} */ (new WeakMap()); // what stands in a frame

/** @param {HTMLElement} frame */
function draw(frame) {
  const { table = "[]" } = frame.dataset;
  if (drawn.get(frame) === table) return;
  drawn.set(frame, table);
  const [head, ...rows] = /** @type {string[][]} */ (JSON.parse(table));
  /** @param {string[]} row */
  const cells = ([first, ...rest]) => [
    element("th", { scope: "row", text: first }), ...rest.map((text) => element("td", { text })),
  ];
  frame.replaceChildren(element("table", { class: "card-table" }, [
    element("caption", { class: "hidden-label", text: frame.getAttribute("aria-label") }),
    element("thead", {}, [element("tr", {}, head.map((text) => element("th", { scope: "col", text })))]),
    element("tbody", {}, rows.map((row) => element("tr", {}, cells(row)))),
  ]));
  sizes.observe(frame);
}

function drawAll() {
  for (const frame of document.querySelectorAll(".card-table-frame[data-table]")) draw(frame);
}

/** @param {HTMLElement} page */
function start(page) {
  stop();
  drawAll();
  added.observe(page, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-table"] });
}

function stop() {
  added.disconnect();
  sizes.disconnect();
}

export { start, stop };
