/* Above the list: films that were taken out of it, and that the server has not deleted. */
import { element, ifThere, painters, setText } from "../0-core/00-core.js";
import { plural, t } from "../0-core/10-words.js";
import * as deletions from "./31-deletions.js";
import * as session from "./32-session.js";

let nodes = /** @type {ReturnType<typeof build> | null} */ (null);

/** @param {HTMLElement} box */
function build(box) {
  const again = { class: "link", type: "button", text: t("Try again"), onclick: deletions.again };
  const made = { text: element("span"), again: element("button", again) };
  box.append(made.text, " ", made.again);
  return made;
}

/** @type {(failed: number, late: number) => string} */
function sentence(failed, late) {
  if (failed) {
    return plural(
      "{n} film could not be deleted: the server may keep it until its time is over.",
      "{n} films could not be deleted: the server may keep them until their time is over.",
      failed,
    );
  }
  return late ? plural("{n} film is not deleted yet; trying again…", "{n} films are not deleted yet; trying again…", late) : "";
}

painters.push((state) => {
  const box = ifThere("deletion-note");
  if (!box || !state.settings) return;
  const [failed, late] = [deletions.failed().length, deletions.late().length];
  box.hidden = !(failed || late);
  if (box.hidden && !nodes) return;
  nodes ??= build(box);
  setText(nodes.text, sentence(failed, late));
  nodes.again.hidden = !failed;
});

// a reload does not make them gone
session.part("deletions", { save: deletions.owed, load: (/** @type {string[]} */ films) => films.forEach(deletions.release) });
