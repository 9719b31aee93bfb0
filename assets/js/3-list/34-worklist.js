/* The worklist: one row a film, whatever became of it. Rows are updated in place, so focus is never lost. */
"use strict";

cxr.worklist = (() => {
  const { state, element, byId, setText } = cxr;
  const { t, film } = cxr.words;
  const rows = new Map(); // row id -> its nodes
  const headings = new Map(); // text -> node
  const touched = new Set(); // items whose progress alone has changed
  let lazy = null; // watches which rows come into view

  function make(item) {
    const thumb = element("span", { class: "thumb", "aria-hidden": "true" });
    const title = element("span", { class: "row-title" });
    const note = element("span", { class: "row-note" });
    const bar = element("span", { class: "track mini", "aria-hidden": "true" }, [
      element("span", { class: "finding-fill" }),
      element("span", { class: "finding-cut" }),
    ]);
    const tick = element("span", { class: "hidden-label" });
    const main = element(
      "button",
      { class: "row-main", type: "button", title: cxr.files.pathOf(item), onclick: () => cxr.select(item.id) },
      [thumb, element("span", { class: "row-text" }, [title, tick, note, bar])],
    );
    const reason = element("p", { class: "row-reason" });
    const again = element("button", { class: "link", type: "button", onclick: () => act(item) });
    const mark = element("button", { class: "row-mark", type: "button", text: "✓", onclick: () => markRead(item) });
    const remove = element("button", { class: "row-remove", type: "button", text: "×" });
    // the second click of two would meet the row that moved up
    remove.addEventListener("click", (event) => event.detail < 2 && takeAway(item));
    const node = element("li", { class: "row" }, [main, mark, remove, element("div", { class: "row-more" }, [reason, again])]);
    node.dataset.row = item.id;
    lazy.observe(node);
    return { node, main, thumb, title, tick, note, bar, reason, again, mark, remove, said: "" };
  }

  /* Pictures of rows that come near the view, and of no others. */
  function watch(list) {
    lazy = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const row = rows.get(target.dataset.row);
          if (row && row.near !== isIntersecting) {
            row.near = isIntersecting;
            paintThumb(row, state.films.find((item) => item.id === target.dataset.row));
          }
        }
      },
      { root: list, rootMargin: "200px 0px" },
    );
  }

  function paintThumb(row, item) {
    const path = item && item.film && row.near ? `url("${cxr.url(`/films/${item.film}/thumbnail.jpg`)}")` : "";
    if (!path || row.path === path) return;
    row.path = path;
    row.thumb.style.backgroundImage = path;
  }

  function act(item) {
    if (!cxr.listing.describe(item).action) return; // clicked twice, before the row was painted without its button
    const answer = cxr.heard(item);
    if (item.status === "same") cxr.upload.addAnyway(item);
    else if (item.status === "kept" && answer && answer.error && answer.error.code !== "case_not_found") {
      cxr.analysis.retry(item);
    } else cxr.upload.retry(item);
  }

  const isBusy = (item) => ["waiting", "sending"].includes(item.status);

  /* Stops what is under way, takes out what is not; the keyboard goes on beside it. */
  function takeAway(item) {
    if (isBusy(item)) {
      cxr.upload.stop([item]);
      return;
    }
    const held = rows.get(item.id) && rows.get(item.id).node.contains(document.activeElement);
    const next = cxr.beside(item);
    cxr.upload.remove(item);
    if (held && next) rows.get(next.id).main.focus();
  }

  /* Only the reader says that a film was read. Where that takes it off the screen, the next one comes. */
  function markRead(item) {
    const next = cxr.beside(item);
    item.read = !item.read;
    if (state.selected === item.id && next && !cxr.listing.shown().includes(item)) cxr.select(next.id);
    cxr.changed();
  }

  function paintRow(item) {
    if (!rows.has(item.id)) rows.set(item.id, make(item));
    const row = rows.get(item.id);
    const what = cxr.listing.describe(item);
    const selected = item.id === state.selected;
    const named = cxr.listing.options.order === "name" && cxr.files.of(item) ? cxr.files.nameOf(item) : "";
    const said = JSON.stringify([what, selected, item.number, item.read, named, isBusy(item), item.film]);
    if (row.said !== said) {
      row.said = said;
      write(row, item, what, selected, named);
    }
    return row.node;
  }

  function write(row, item, what, selected, named) {
    row.node.dataset.state = what.state;
    row.node.classList.toggle("selected", selected);
    row.node.classList.toggle("is-read", Boolean(item.read));
    row.main.setAttribute("aria-current", String(selected));
    setText(row.title, named ? `${film(item)} · ${named}` : film(item));
    setText(row.tick, item.read ? t("read") : "");
    setText(row.note, what.note);
    row.note.title = what.note;
    const failed = what.state === "error";
    const name = cxr.files.nameOf(item);
    setText(row.reason, failed && what.reason ? t("{file}: {reason}", { file: name, reason: what.reason.trim() }) : "");
    row.node.classList.toggle("has-reason", failed || Boolean(what.action));
    row.again.hidden = !what.action;
    const anyway = what.action === "anyway";
    setText(row.again, anyway ? t("Add anyway") : t("Try again"));
    row.again.setAttribute("aria-label", anyway ? t("Add {film} anyway", { film: film(item) }) : t("Try {film} again", { film: film(item) }));
    row.bar.hidden = what.share === undefined;
    row.bar.style.setProperty("--share", what.state === "busy" ? what.share : cxr.statistics.scale(what.share || 0));
    row.bar.style.setProperty("--cut", what.cut === undefined ? -1 : cxr.statistics.scale(what.cut));
    writeButtons(row, item);
    paintThumb(row, item);
  }

  function writeButtons(row, item) {
    const busy = isBusy(item);
    row.mark.hidden = busy || item.status === "same";
    row.mark.setAttribute("aria-pressed", String(Boolean(item.read)));
    row.mark.setAttribute("aria-label", t("Mark {film} as read", { film: film(item) }));
    row.mark.title = item.read ? t("Read; press U to take the mark off") : t("Mark as read (U)");
    row.remove.title = busy ? t("Stop sending this film") : t("Remove from the list and from the server");
    row.remove.setAttribute("aria-label", busy ? t("Stop sending {film}", { film: film(item) }) : t("Remove {film}", { film: film(item) }));
  }

  function forgetRows() {
    const known = new Set(state.films.map((item) => item.id));
    for (const [id, row] of rows) {
      if (known.has(id)) continue;
      lazy.unobserve(row.node);
      row.node.remove();
      rows.delete(id);
    }
  }

  function headingNode(text, films) {
    if (!headings.has(text)) headings.set(text, element("li", { class: "list-group" }));
    const node = headings.get(text);
    setText(node, t("{heading} · {n}", { heading: text, n: films }));
    return node;
  }

  /* The nodes of the list, from the top: headings where there are groups, and rows. */
  function wantedNodes() {
    const shown = cxr.listing.shown();
    const titles = shown.map(cxr.listing.heading);
    const nodes = [];
    shown.forEach((item, index) => {
      const title = titles[index];
      if (title && title !== titles[index - 1]) nodes.push(headingNode(title, titles.filter((other) => other === title).length));
      nodes.push(paintRow(item));
    });
    return nodes;
  }

  function paint() {
    const list = byId("worklist");
    if (!list) return;
    if (!lazy) watch(list);
    forgetRows();
    const held = list.contains(document.activeElement) ? document.activeElement : null;
    let at = list.firstChild;
    for (const node of wantedNodes()) {
      if (node === at) at = at.nextSibling;
      else list.insertBefore(node, at);
    }
    while (at) {
      const after = at.nextSibling;
      at.remove();
      at = after;
    }
    // a row that was moved takes the focus with it
    if (held && held.isConnected && document.activeElement !== held) held.focus({ preventScroll: true });
  }

  /* Paint one row before the next frame: its film has come a little further. */
  function touch(item) {
    touched.add(item);
    if (touched.size > 1) return;
    requestAnimationFrame(() => {
      for (const one of touched) if (rows.has(one.id)) paintRow(one);
      touched.clear();
    });
  }

  /* One row up or down, as the rows stand on the screen. */
  function step(by) {
    const items = cxr.listing.shown();
    if (!items.length) return;
    const index = items.findIndex((item) => item.id === state.selected);
    const item = items[Math.min(items.length - 1, Math.max(0, index + by))];
    cxr.select(item.id);
    reveal(item.id);
  }

  function reveal(id) {
    requestAnimationFrame(() => rows.get(id) && rows.get(id).node.scrollIntoView({ block: "nearest" }));
  }

  const onSelected = (fn) => () => cxr.row() && fn(cxr.row());

  cxr.painters.push(paint);
  cxr.listen("progress", touch);
  cxr.listen("reveal", reveal);
  const { N_ } = cxr.words;
  cxr.onKey("ArrowUp", "list", N_("previous film"), () => step(-1), "↑");
  cxr.onKey("ArrowDown", "list", N_("next film"), () => step(1), "↓");
  cxr.onKey("k", "list", "", () => step(-1));
  cxr.onKey("j", "list", "", () => step(1));
  cxr.onKey("u", "list", N_("mark as read, or as unread"), onSelected(markRead));
  cxr.onKey("Delete", "list", N_("remove the film, or stop sending it"), onSelected(takeAway), "Del");
  cxr.onKey("o", "list", N_("open films"), () => cxr.dropping.openPicker());

  return { step, markRead };
})();
