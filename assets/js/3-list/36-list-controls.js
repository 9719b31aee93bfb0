/* Above the list, once there is something to choose from: a filter, an order, and which films. */
import { changed, element, ifThere, onKey, painters, setText, state } from "../0-core/00-core.js";
import { N_, plural, t } from "../0-core/10-words.js";
import { select } from "../0-core/13-films.js";
import * as listing from "./34-listing.js";
import { options, ORDERS } from "./34-listing.js";

/** @type {[Showing, string, boolean][]} */
const CHIPS = [["all", N_("All"), false], ["above", N_("Above"), true], ["unread", N_("Unread"), false], ["problems", N_("Problems"), true]];
let nodes = /** @type {ReturnType<typeof build> | null} */ (null);

/** @param {Partial<typeof options>} changes */
function choose(changes) {
  Object.assign(options, changes);
  changed();
}

/** @param {HTMLElement} box */
function build(box) {
  const filter = element("input", {
    type: "search", class: "list-filter", placeholder: t("Filter"), "aria-label": t("Filter the films"),
    title: t("A finding, a number, a label, a file name, “unread”, “cannot judge”… (/)"), autocomplete: "off", spellcheck: "false",
  });
  filter.addEventListener("input", () => choose({ text: filter.value }));
  filter.addEventListener("keydown", keyInFilter);
  const order = element(
    "select",
    { class: "list-order", "aria-label": t("Order of the films"), title: t("Order of the films (E)") },
    ORDERS.map(([value, name]) => element("option", { value, text: t(name) })),
  );
  order.addEventListener("change", () => choose({ order: /** @type {Ordering} */ (order.value) }));
  const chips = CHIPS.map(([show, name, counted]) => {
    const chip = element("button", { class: "list-chip", type: "button", onclick: () => choose({ show }) });
    return { show, name, counted, chip };
  });
  const group = element("div", { class: "list-chips", role: "group", "aria-label": t("Which films") }, chips.map(({ chip }) => chip));
  const none = element("p", { class: "list-none", hidden: true }, [
    t("No film fits."), " ",
    element("button", { class: "link", type: "button", text: t("Show all"), onclick: () => choose({ show: "all", text: "" }) }),
  ]);
  box.append(element("div", { class: "list-line" }, [filter, order]), group, none);
  return { filter, order, chips, none };
}

/** Out of the field into the list; Escape takes the words away first.
 * @param {KeyboardEvent} event
 */
function keyInFilter(event) {
  if (event.key === "Escape") choose({ text: "" });
  if (!["Escape", "Enter", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  nodes?.filter.blur();
  const items = listing.shown();
  if (items.length && !items.some(({ id }) => id === state.selected)) select(items[0].id);
}

function paint() {
  const box = ifThere("list-controls");
  if (!box || !state.settings) return;
  const few = state.films.length < 2;
  if (few && (box.hidden || !nodes)) return;
  nodes ??= build(box);
  if (few) listing.shown(); // which takes the choices back
  box.hidden = few;
  if (document.activeElement !== nodes.filter || !options.text) nodes.filter.value = options.text;
  const there = listing.orders().map(([value]) => value);
  if (!there.includes(options.order)) options.order = "above"; // of a model that had a film score
  for (const option of nodes.order.options) option.hidden = !there.some((value) => value === option.value);
  nodes.order.value = options.order;
  for (const { show, name, counted, chip } of nodes.chips) {
    const number = listing.count(show);
    chip.hidden = !number && options.show !== show;
    chip.setAttribute("aria-pressed", String(options.show === show));
    setText(chip, counted ? t("{chip} {n}", { chip: t(name), n: number }) : t(name));
    chip.setAttribute("aria-label", plural("{chip}: {n} film", "{chip}: {n} films", number, { chip: t(name) }));
  }
  nodes.none.hidden = listing.shown().length > 0;
}

function nextOrder() {
  const orders = listing.orders();
  const index = orders.findIndex(([value]) => value === options.order);
  if (nodes && state.films.length > 1) choose({ order: orders[(index + 1) % orders.length][0] });
}

painters.push(paint);
onKey("/", "list", N_("filter the films"), () => nodes && nodes.filter.focus());
onKey("e", "list", N_("order of the films"), nextOrder);
