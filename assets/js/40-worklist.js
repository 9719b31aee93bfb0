/* The worklist: one row a film, whatever became of it. Rows are updated in place, so focus is never lost. */
"use strict";

cxr.worklist = (() => {
  const { state, element, byId, setText } = cxr;
  const rows = new Map(); // row id -> its nodes

  function make(item) {
    const thumb = element("span", { class: "thumb", "aria-hidden": "true" });
    const title = element("span", { class: "row-title", text: cxr.words.film(item) });
    const note = element("span", { class: "row-note" });
    const bar = element("span", { class: "track mini", "aria-hidden": "true" }, [
      element("span", { class: "finding-fill" }),
      element("span", { class: "finding-cut" }),
    ]);
    const main = element(
      "button",
      { class: "row-main", type: "button", title: cxr.upload.nameOf(item), onclick: () => cxr.select(item.id) },
      [thumb, element("span", { class: "row-text" }, [title, note, bar])],
    );
    const reason = element("p", { class: "row-reason" });
    const retry = element("button", {
      class: "link", type: "button", text: "Try again", onclick: () => again(item),
      "aria-label": `Try ${cxr.words.film(item)} again`,
    });
    const remove = element("button", {
      class: "row-remove", type: "button", text: "×", title: "Remove from the list and from the server",
      "aria-label": `Remove ${cxr.words.film(item)}`, onclick: () => cxr.upload.remove(item),
    });
    const node = element("li", { class: "row" }, [main, remove, element("div", { class: "row-more" }, [reason, retry])]);
    return { node, main, thumb, note, bar, reason, retry };
  }

  function again(item) {
    const answer = cxr.answerOf(item);
    if (item.status === "kept" && answer && answer.error && answer.error.code !== "case_not_found") {
      cxr.analysis.retry(item);
    } else cxr.upload.retry(item);
  }

  /* What a row says: {state, note, reason, share, cut, retry}. */
  function describe(item) {
    if (item.status === "waiting") return { state: "busy", note: "waiting…", share: 0 };
    if (item.status === "sending") {
      const percent = Math.round(item.progress * 100);
      return { state: "busy", note: percent < 100 ? `sending… ${percent} %` : "reading…", share: item.progress };
    }
    if (item.status === "failed") {
      return { state: "error", note: "not opened", reason: `${item.message} ${item.remedy}`, retry: !item.final };
    }
    const answer = cxr.answerOf(item);
    if (!state.facts && byId("model").disabled) {
      return { state: "error", note: "not read", reason: "This server has no model to ask." };
    }
    if (!answer) return { state: "busy", note: "reading…", share: 1 };
    if (answer.error) {
      const gone = answer.error.code === "case_not_found";
      return {
        state: "error",
        note: gone ? "no longer kept" : "not read",
        reason: gone ? "Its time on the server ran out." : `${answer.error.message} ${answer.error.remedy}`,
        retry: true,
      };
    }
    if (!cxr.figuresShown(item, answer)) {
      const reason = (answer.quality.reasons[0] || "Not a frontal chest film").replace(/\.$/, "");
      return { state: "reject", note: `cannot judge: ${cxr.words.lower(reason)}` };
    }
    return judged(answer);
  }

  function judged(answer) {
    const above = cxr.ranked(answer).filter((item) => item.above).sort((a, b) => b.margin - a.margin);
    const worrying = above.filter((item) => !item.reassuring);
    const top = worrying.find((item) => !item.summary) || above[0];
    if (!top) {
      const nearest = [...cxr.ranked(answer)].sort((a, b) => b.margin - a.margin)[0];
      return { state: "clear", note: "nothing above its cut", share: nearest.probability, cut: nearest.cut };
    }
    const more = worrying.length > 1 ? ` +${worrying.length - 1} above` : " above cut";
    return {
      state: top.reassuring ? "clear" : "above",
      note: `${top.name}${more}`,
      share: top.probability,
      cut: top.cut,
    };
  }

  function paintRow(item) {
    if (!rows.has(item.id)) rows.set(item.id, make(item));
    const row = rows.get(item.id);
    const what = describe(item);
    row.node.dataset.state = what.state;
    row.node.classList.toggle("selected", item.id === state.selected);
    row.main.setAttribute("aria-current", item.id === state.selected ? "true" : "false");
    setText(row.note, what.note);
    row.note.title = what.note;
    const failed = what.state === "error";
    setText(row.reason, failed ? `${cxr.upload.nameOf(item)}: ${what.reason.trim()}` : "");
    row.node.classList.toggle("has-reason", failed);
    row.retry.hidden = !what.retry;
    row.bar.hidden = what.share === undefined;
    const busy = what.state === "busy";
    const position = busy ? what.share : cxr.statistics.scale(what.share || 0);
    row.bar.style.setProperty("--share", position);
    row.bar.style.setProperty("--cut", what.cut === undefined ? -1 : cxr.statistics.scale(what.cut));
    if (item.film && row.film !== item.film) {
      row.film = item.film;
      row.thumb.style.backgroundImage = `url("${cxr.url(`/films/${item.film}/thumbnail.jpg`)}")`;
    }
    return row.node;
  }

  function paint() {
    const list = byId("worklist");
    if (!list) return;
    for (const [id, row] of rows) {
      if (!state.films.some((item) => item.id === id)) {
        row.node.remove();
        rows.delete(id);
      }
    }
    for (const item of state.films) {
      const node = paintRow(item);
      if (!node.isConnected) list.append(node);
    }
    paintNote();
    paintBanner();
  }

  function paintNote() {
    const note = byId("worklist-note");
    if (!state.films.length) {
      note.replaceChildren();
      return;
    }
    if (!note.firstChild) {
      note.append(
        element("span"),
        element("span"),
        element("button", { class: "link", type: "button", text: "Clear now", onclick: cxr.upload.clear }),
      );
    }
    const kept = state.films.filter((item) => item.keptAt);
    const left = kept.length
      ? Math.max(...kept.map((item) => item.keptAt)) + state.settings.case_lifetime_seconds * 1000 - Date.now()
      : 0;
    setText(note.children[0], cxr.words.plural("{n} film", "{n} films", state.films.length));
    const minutes = Math.max(0, Math.ceil(left / 60000));
    setText(note.children[1], kept.length ? (minutes ? `deleted within ${minutes} min` : "deleted by now") : "");
  }

  function paintBanner() {
    const banner = byId("banner");
    banner.hidden = !state.serverLost;
    setText(banner, state.serverLost ? "The server does not answer. Your list is kept; trying again…" : "");
  }

  /* One row up or down. */
  function step(by) {
    if (!state.films.length) return;
    const index = state.films.findIndex((item) => item.id === state.selected);
    const item = state.films[Math.min(state.films.length - 1, Math.max(0, index + by))];
    cxr.select(item.id);
    whenPainted(item.id);
  }

  function whenPainted(id) {
    requestAnimationFrame(() => rows.get(id) && rows.get(id).node.scrollIntoView({ block: "nearest" }));
  }

  cxr.painters.push(paint);
  const { N_ } = cxr.words;
  cxr.onKey("ArrowUp", "list", N_("previous film"), () => step(-1), "↑");
  cxr.onKey("ArrowDown", "list", N_("next film"), () => step(1), "↓");
  cxr.onKey("o", "list", N_("open films"), () => cxr.upload.openPicker());
  setInterval(() => state.films.length && cxr.changed(), 20000); // the minutes left

  return { step, describe };
})();
