/* The keyboard: what each part of the page gave to a key, and the overlay that lists it. */
import { addField, around, byId, element, inside, onKey, shortcuts, state } from "../0-core/00-core.js";
import { N_, t } from "../0-core/10-words.js";
import * as session from "../3-list/32-session.js";

/** @type {[string, string][]} */
const GROUPS = [["film", N_("Film")], ["list", N_("List")], ["findings", N_("Findings")], ["page", N_("Page")]];

const write = addField("letterKeys", true); // off for who speaks to the computer, or strikes keys by mistake

onKey("?", "page", N_("this help"), () => help());
onKey("Escape", "page", N_("close what is open"), () => close(), "Esc");

function help(show = byId("keys-help").hidden) {
  const overlay = byId("keys-help");
  if (show && !overlay.firstChild) overlay.append(letterSwitch(), ...GROUPS.map(section));
  if (show) /** @type {HTMLInputElement} */ (inside(overlay, "#letter-keys")).checked = state.letterKeys;
  overlay.hidden = !show;
  byId("keys-button").setAttribute("aria-expanded", String(show));
}

function letterSwitch() {
  const box = element("input", { type: "checkbox", id: "letter-keys" });
  box.addEventListener("change", () => write(box.checked));
  return element("label", { class: "letter-keys" }, [box, t("Keys of one character (arrows, Esc and Del always work)")]);
}

/** @param {typeof GROUPS[number]} group */
function section([group, title]) {
  const listed = [...shortcuts.values()].filter((one) => one.group === group && one.help);
  const lines = listed.map((one) =>
    element("div", {}, [element("dt", {}, [element("kbd", { text: one.shown })]), element("dd", { text: t(one.help) })]),
  );
  return element("section", {}, [element("h2", { text: t(title) }), element("dl", {}, lines)]);
}

/* What lies over the page: the overlay, which is on top, or each part's own. */
function close() {
  if (!byId("keys-help").hidden) return help(false);
  return document.dispatchEvent(new CustomEvent("cxr-close"));
}

/** Fields and the model-card window keep their own keys; a slider needs only its arrows.
 * @param {KeyboardEvent} event
 */
function busy(event) {
  if (document.querySelector(".modal.show")) return true;
  if (around(event, 'input[type="range"]')) return event.key.length > 1;
  if (around(event, 'input[type="checkbox"], input[type="radio"]')) return event.key.length > 1 || event.key === " ";
  return Boolean(around(event, "input, select, textarea"));
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "Escape" && busy(event)) return;
  if (!state.letterKeys && event.key.length === 1) return;
  const inFindings = around(event, "#findings");
  let name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (inFindings && name === "ArrowUp") name = "ArrowLeft";
  else if (inFindings && name === "ArrowDown") name = "ArrowRight";
  const shortcut = shortcuts.get(name);
  if (!shortcut) return;
  if (name !== "Escape") event.preventDefault();
  shortcut.action();
}

/** Chosen with the mouse, the selector gives the keyboard back to the films.
 * @param {HTMLSelectElement} select
 */
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
    if (!around(event, "#keys-help, #keys-button")) help(false);
  });
}

session.part("keys", { save: () => state.letterKeys, load: (kept) => write(kept) });

export { start };
