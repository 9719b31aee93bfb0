/* Where a label is typed: a field over the row's title, with Enter to keep and Escape to leave it as it was. */
import { around, byId, element, inside, onKey, pageSettings, state } from "../0-core/00-core.js";
import * as words from "../0-core/10-words.js";
import { N_, t } from "../0-core/10-words.js";
import { rowInView } from "../0-core/13-films.js";
import * as rowLabels from "./33-row-labels.js";
import * as fold from "./39-fold.js";

let open = /** @type {{ item: Row, field: HTMLInputElement } | null} */ (null);

/** @param {Row} item */
function edit(item) {
  if (open) end(true);
  const row = byId("worklist").querySelector(`[data-row="${item.id}"]`);
  if (!row) return; // left out by the filter
  fold.toggle(true); // a strip has no room to type
  const name = t("Label of {film}", { film: words.film(item) });
  const field = element("input", {
    class: "row-label-field", type: "text", "aria-label": name, placeholder: t("Label, such as “bed 4”"), autocomplete: "off",
    spellcheck: "false", maxlength: pageSettings().rules.most_of_label, onkeydown: pressed, onblur: lost,
  });
  field.value = rowLabels.of(item);
  open = { item, field };
  row.append(field);
  field.select();
  field.focus({ preventScroll: false });
}

/** @type {(keep: boolean, back?: boolean) => void} */
function end(keep, back = false) {
  if (!open) return;
  const { item, field } = open;
  open = null;
  if (keep && state.films.includes(item)) rowLabels.set(item, field.value);
  const row = field.closest(".row");
  field.remove();
  if (back && row) inside(row, ".row-main").focus({ preventScroll: true });
}

/** Keys of the field are the field's: Escape closes nothing else.
 * @param {KeyboardEvent} event
 */
function pressed(event) {
  event.stopPropagation();
  if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
  event.preventDefault();
  end(event.key === "Enter", true);
}

/* Whoever goes elsewhere keeps what was typed; a row that moves in its list takes the focus with it. */
function lost() {
  const field = open?.field;
  setTimeout(() => open && open.field === field && document.activeElement !== field && end(true));
}

function start() {
  byId("worklist").addEventListener("click", (event) => {
    const row = around(event, ".row-label")?.closest(".row");
    const item = row && state.films.find(({ id }) => id === row.dataset.row);
    if (item) edit(item);
  });
}

onKey("F2", "list", N_("write a label on the film"), () => {
  const item = rowInView();
  if (item) edit(item);
});

export { start };
