/* Headline in words, quality, and every finding against its own cut. */
"use strict";

cxr.findings = (() => {
  const { state, element, byId, setText } = cxr;
  const { list, lower, percent, plural } = cxr.words;
  const SHOWN_AT_LEAST = 5;

  function build(panel) {
    panel.querySelector("#findings").addEventListener("click", (event) => {
      const button = event.target.closest("[data-label]");
      if (button) cxr.chooseLabel(button.dataset.label);
    });
    panel.querySelector("#more").addEventListener("click", () => {
      state.expanded = !state.expanded;
      cxr.changed();
    });
    for (const tick of panel.querySelectorAll("[data-percent]")) {
      tick.style.left = `${100 * cxr.statistics.scale(Number(tick.dataset.percent) / 100)}%`;
    }
  }

  /* {headline, summary, tone} for the film in view. */
  function words(item, answer) {
    if (state.lateModel && !state.serverLost) {
      return { headline: "Fetching the model…", summary: "The server has not sent it yet.", tone: "busy" };
    }
    if (!item) {
      return { headline: "No film yet.", summary: "Each finding will stand here against its own cut.", tone: "idle" };
    }
    if (item.status === "failed") {
      return { headline: "This film could not be opened.", summary: `${item.message} ${item.remedy || ""}`, tone: "error" };
    }
    if (!answer) {
      const lost = state.serverLost;
      return {
        headline: lost ? "The server does not answer." : "Reading…",
        summary: lost ? "Your list is kept. The page goes on as soon as the server is back." : "",
        tone: lost ? "error" : "busy",
      };
    }
    if (answer.error) {
      const gone = answer.error.code === "case_not_found";
      return gone
        ? { headline: "This film is no longer kept.", summary: "Its time on the server ran out. Try again sends it anew.", tone: "error" }
        : { headline: "This film could not be read.", summary: `${answer.error.message} ${answer.error.remedy}`, tone: "error" };
    }
    if (!cxr.figuresShown(item, answer)) {
      return { headline: "Cannot judge this film.", summary: "The model was not made for a picture like this.", tone: "reject" };
    }
    return judged(answer);
  }

  function judged(answer) {
    const ranked = cxr.ranked(answer);
    const above = ranked.filter((item) => item.above);
    const worrying = above.filter((item) => !item.reassuring);
    const total = state.facts.exclusive
      ? plural("{n} class", "{n} classes", ranked.length)
      : plural("{n} finding", "{n} findings", ranked.length);
    const quality = answer.quality.verdict === "ok" ? " Film quality good." : "";
    if (worrying.length) {
      const named = worrying.filter((item) => !item.summary);
      const names = (named.length ? named : worrying).map((item) => lower(item.name));
      const lies = worrying.length === 1 ? "lies above its cut" : "lie above their cuts";
      return {
        headline: `Worth a look: ${list(names)}.`,
        summary: `${worrying.length} of ${total} ${lies}.${quality}`,
        tone: "above",
      };
    }
    const nearest = ranked.filter((item) => !item.reassuring).sort((a, b) => b.margin - a.margin)[0];
    const reassuring = above.length ? `Only ${lower(above[0].name)} is above its cut.` : "Nothing above its cut.";
    return {
      headline: reassuring,
      summary: nearest
        ? `Closest: ${lower(nearest.name)}, ${percent(nearest.probability)} against a cut of ${percent(nearest.cut)}. ` +
          `That does not make the film normal.${quality}`
        : quality.trim(),
      tone: "clear",
    };
  }

  function paintQuality(item, answer) {
    const box = byId("quality");
    const quality = answer && !answer.error ? answer.quality : null;
    const concerns = Boolean(quality && quality.verdict !== "ok");
    box.hidden = !concerns;
    const id = concerns ? cxr.key(answer.model, item.film) : "";
    const mark = concerns ? `${id}|${cxr.figuresShown(item, answer)}` : "";
    if (box.dataset.mark === mark) return;
    box.dataset.mark = mark;
    box.replaceChildren();
    if (!concerns) return;
    const rejected = quality.verdict === "reject";
    box.dataset.verdict = quality.verdict;
    const title = rejected ? (item.phantom ? "A drawing, not a film." : "Why:") : "Read with care.";
    const reasons = quality.reasons.map((reason) => element("p", { class: "quality-reason", text: reason }));
    if (!reasons.length) reasons.push(element("p", { class: "quality-reason" }));
    reasons[0].prepend(element("strong", { text: title }), " ");
    box.append(...reasons);
    if (!rejected) return;
    const shown = state.showRejected.has(id);
    const text = shown ? "Hide the figures" : "Show the figures anyway";
    box.append(
      element("button", {
        class: "link", type: "button", text, "aria-expanded": String(shown),
        onclick: () => {
          state.showRejected[shown ? "delete" : "add"](id);
          cxr.changed();
        },
      }),
    );
  }

  function paintRows(item, answer) {
    const visible = cxr.figuresShown(item, answer);
    const ranked = visible
      ? cxr.ranked(answer)
      : cxr.labels().map((label) => ({ ...label, cut: cxr.threshold(label.key), above: false }));
    const chosen = cxr.label();
    const above = ranked.filter((finding) => finding.above).length;
    // the chosen one is always in view: the threshold panel and the heat speak of it
    const most = visible ? Math.max(above, SHOWN_AT_LEAST) : SHOWN_AT_LEAST;
    let hidden = 0;
    let shown = 0;
    ranked.forEach((finding, order) => {
      const node = document.querySelector(`#findings [data-label="${finding.key}"]`);
      const keep = finding.above || finding.key === chosen || shown < most || state.expanded;
      if (keep) shown += 1;
      else hidden += 1;
      node.hidden = !keep;
      node.style.order = order;
      node.classList.toggle("above", finding.above && !finding.reassuring);
      node.classList.toggle("reassuring", finding.above && finding.reassuring);
      node.setAttribute("aria-selected", String(finding.key === chosen));
      node.tabIndex = finding.key === chosen ? 0 : -1;
      node.style.setProperty("--share", visible ? cxr.statistics.scale(finding.probability) : 0);
      node.style.setProperty("--cut", cxr.statistics.scale(finding.cut));
      setText(node.lastElementChild, visible ? percent(finding.probability) : "–");
      const spoken = visible
        ? `${finding.name} ${percent(finding.probability)}, ${finding.above ? "above" : "below"} its cut of ${percent(finding.cut)}`
        : `${finding.name} –, cut ${percent(finding.cut)}`;
      node.setAttribute("aria-label", spoken);
      node.title = visible ? spoken : "";
    });
    const more = byId("more");
    const extra = ranked.length > SHOWN_AT_LEAST;
    more.hidden = !(hidden || (state.expanded && extra));
    setText(more, state.expanded ? "Show fewer ▴" : `${hidden} more ${visible ? "below their cut " : ""}▸`);
    more.setAttribute("aria-expanded", String(state.expanded));
  }

  function paint() {
    if (!byId("findings") || !state.facts) return;
    const item = cxr.row();
    const answer = cxr.answerOf(item);
    const said = words(item, answer);
    setText(byId("headline"), said.headline);
    setText(byId("summary"), said.summary);
    const body = document.querySelector(".panel-body");
    body.dataset.tone = said.tone;
    paintQuality(item, answer);
    byId("figures").hidden = state.lateModel || ["reject", "error"].includes(said.tone);
    paintRows(item, answer);
    const time = answer && !answer.error ? ` · ${answer.milliseconds} ms` : "";
    setText(byId("footer-time"), time);
  }

  /* The next finding in the order of the screen. */
  function step(by) {
    const nodes = [...document.querySelectorAll("#findings [data-label]")]
      .filter((node) => !node.hidden)
      .sort((a, b) => Number(a.style.order) - Number(b.style.order));
    const index = nodes.findIndex((node) => node.getAttribute("aria-selected") === "true");
    const target = nodes[Math.min(nodes.length - 1, Math.max(0, index + by))];
    if (!target) return;
    cxr.chooseLabel(target.dataset.label);
    target.scrollIntoView({ block: "nearest" });
    if (document.activeElement && document.activeElement.closest("#findings")) target.focus();
  }

  cxr.painters.push(paint);
  const { N_ } = cxr.words;
  cxr.onKey("ArrowLeft", "findings", N_("previous finding"), () => step(-1), "←");
  cxr.onKey("ArrowRight", "findings", N_("next finding"), () => step(1), "→");

  return { build, step };
})();
