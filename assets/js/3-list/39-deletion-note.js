/* Above the list: films that were taken out of it, and that the server has not deleted. */
"use strict";

cxr.deletionNote = (() => {
  const { element, byId, setText } = cxr;
  const { t, plural } = cxr.words;
  let nodes = null;

  function build(box) {
    const again = { class: "link", type: "button", text: t("Try again"), onclick: cxr.deletions.again };
    nodes = { text: element("span"), again: element("button", again) };
    box.append(nodes.text, " ", nodes.again);
  }

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

  cxr.painters.push((state) => {
    const box = byId("deletion-note");
    if (!box || !state.settings) return;
    const [failed, late] = [cxr.deletions.failed().length, cxr.deletions.late().length];
    box.hidden = !(failed || late);
    if (box.hidden && !nodes) return;
    if (!nodes) build(box);
    setText(nodes.text, sentence(failed, late));
    nodes.again.hidden = !failed;
  });

  // a reload does not make them gone
  cxr.session.part("deletions", { save: cxr.deletions.owed, load: (films) => films.forEach(cxr.deletions.release) });

  return {};
})();
