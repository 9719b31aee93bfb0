/* Above the list, after a folder or a ZIP: what was left out, what was too much, and which files are no films. */
import { byId, element, painters, setText } from "../0-core/00-core.js";
import { plural, t } from "../0-core/10-words.js";
import * as intake from "./33-intake.js";

let nodes = null;
let listed = 0; // files in the list of those that are no films
const kinds = new Map(); // what the server said -> the list of those it said it of

function build(box) {
  const line = () => element("p", { hidden: true });
  nodes = { looking: line(), many: line(), left: line(), empty: line() };
  nodes.summary = element("summary");
  nodes.names = element("ul", { tabindex: "0", "aria-label": t("Files that are no films") });
  nodes.aside = element("details", { hidden: true }, [nodes.summary, nodes.names]);
  nodes.close = element("button", {
    class: "quiet-close intake-close", type: "button", text: "×", title: t("Close this note"), "aria-label": t("Close this note"),
    onclick: intake.dismiss,
  });
  box.append(nodes.looking, nodes.many, nodes.left, nodes.empty, nodes.aside, nodes.close);
}

function say(node, text) {
  node.hidden = !text;
  setText(node, text);
}

function paint(state) {
  const box = byId("intake-note");
  if (!box || !state.settings) return;
  const { looking, left, added, total, many, empty } = intake.said();
  const { aside } = intake;
  box.hidden = !(looking || left || many || empty || aside.length);
  if (box.hidden && !nodes) return;
  if (!nodes) build(box);
  say(nodes.looking, looking ? plural("Looking for films: {n} file…", "Looking for films: {n} files…", looking) : "");
  say(nodes.many, many ? t("A list holds {most} films: {added} of {total} files were added. Drop the others when these are done.", {
    most: state.settings.most_films, added, total,
  }) : "");
  say(nodes.left, left ? plural("{n} file left out: hidden, or an index.", "{n} files left out: hidden, or an index.", left) : "");
  say(nodes.empty, empty && !looking ? t("There was no file in it.") : "");
  nodes.close.hidden = Boolean(looking);
  paintAside(aside);
}

/* Twenty text files are said to be text files once. */
function kindOf(message) {
  if (!kinds.has(message)) {
    const names = element("ul");
    kinds.set(message, names);
    nodes.names.append(element("li", {}, [message, names]));
  }
  return kinds.get(message);
}

function paintAside(aside) {
  nodes.aside.hidden = !aside.length;
  setText(nodes.summary, aside.length ? plural("{n} file is no film.", "{n} files are no films.", aside.length) : "");
  if (aside.length < listed) {
    nodes.names.replaceChildren();
    kinds.clear();
    nodes.aside.open = false;
    listed = 0;
  }
  for (const { path, message } of aside.slice(listed)) {
    kindOf(message).append(element("li", { text: path }));
  }
  listed = aside.length;
}

painters.push(paint);
