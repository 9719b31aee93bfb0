/* Above the list, after a folder or a ZIP: what was left out, what was too much, and which files are no films. */
import { element, ifThere, pageSettings, painters, setText } from "../0-core/00-core.js";
import { plural, t } from "../0-core/10-words.js";
import * as intake from "./33-intake.js";

/** @typedef {ReturnType<typeof build>} NoteNodes */
let nodes = /** @type {NoteNodes | null} */ (null);
let listed = 0; // files in the list of those that are no films
const kinds = /** @type {Map<string, HTMLUListElement>} */ (new Map()); // what the server said -> the list of those it said it of

/** @param {HTMLElement} box */
function build(box) {
  const line = () => element("p", { hidden: true });
  const lines = { looking: line(), many: line(), left: line(), empty: line() };
  const summary = element("summary");
  const names = element("ul", { tabindex: "0", "aria-label": t("Files that are no films") });
  const aside = element("details", { hidden: true }, [summary, names]);
  const close = element("button", {
    class: "quiet-close intake-close", type: "button", text: "×", title: t("Close this note"), "aria-label": t("Close this note"),
    onclick: intake.dismiss,
  });
  box.append(...Object.values(lines), aside, close);
  return { ...lines, summary, names, aside, close };
}

/**
 * @param {HTMLElement} node
 * @param {string} text
 */
function say(node, text) {
  node.hidden = !text;
  setText(node, text);
}

/** @param {State} state */
function paint(state) {
  const box = ifThere("intake-note");
  if (!box || !state.settings) return;
  const { looking, left, added, total, many, empty } = intake.said();
  const { aside } = intake;
  box.hidden = !(looking || left || many || empty || aside.length);
  if (box.hidden && !nodes) return;
  nodes ??= build(box);
  say(nodes.looking, looking ? plural("Looking for films: {n} file…", "Looking for films: {n} files…", looking) : "");
  say(nodes.many, many ? t("A list holds {most} films: {added} of {total} files were added. Drop the others when these are done.", {
    most: pageSettings().most_films, added, total,
  }) : "");
  say(nodes.left, left ? plural("{n} file left out: hidden, or an index.", "{n} files left out: hidden, or an index.", left) : "");
  say(nodes.empty, empty && !looking ? t("There was no file in it.") : "");
  nodes.close.hidden = Boolean(looking);
  paintAside(nodes, aside);
}

/** Twenty text files are said to be text files once.
 * @param {HTMLElement} list
 * @param {string} message
 */
function kindOf(list, message) {
  const known = kinds.get(message);
  if (known) return known;
  const names = element("ul");
  kinds.set(message, names);
  list.append(element("li", {}, [message, names]));
  return names;
}

/**
 * @param {NoteNodes} made
 * @param {typeof intake.aside} aside
 */
function paintAside(made, aside) {
  made.aside.hidden = !aside.length;
  setText(made.summary, aside.length ? plural("{n} file is no film.", "{n} files are no films.", aside.length) : "");
  if (aside.length < listed) {
    made.names.replaceChildren();
    kinds.clear();
    made.aside.open = false;
    listed = 0;
  }
  for (const { path, message } of aside.slice(listed)) {
    kindOf(made.names, message).append(element("li", { text: path }));
  }
  listed = aside.length;
}

painters.push(paint);
