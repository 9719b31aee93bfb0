/* Headline, quality, and every finding against its own cut: bar, mark, and how sure its score is. */
"use strict";

cxr.findings = (() => {
  const { state, element, byId, setText } = cxr;
  const { percent, plural, t, N_ } = cxr.words;
  const { words } = cxr.conclusion;
  const SHOWN_AT_LEAST = 5;
  let expanded = false; // findings below their cut shown

  function build(panel) {
    expanded = false;
    panel.querySelector("#findings").addEventListener("click", (event) => {
      const button = event.target.closest("[data-label]");
      if (button) cxr.chooseLabel(button.dataset.label);
    });
    panel.querySelector("#more").addEventListener("click", () => {
      expanded = !expanded;
      cxr.changed();
    });
    for (const tick of panel.querySelectorAll("[data-percent]")) {
      tick.style.left = `${100 * cxr.statistics.scale(Number(tick.dataset.percent) / 100)}%`;
    }
  }

  /* What must be known before the answer is looked at stands above it, for as long as it is shown. */
  function paintFirstOfAll(answer) {
    const box = byId("first-of-all");
    const said = answer && !answer.error ? answer.quality.first_of_all || [] : [];
    box.hidden = !said.length;
    setText(box, said.join(" "));
  }

  function paintQuality(item, answer) {
    const box = byId("quality");
    const quality = answer && !answer.error ? answer.quality : null;
    const apart = quality ? quality.first_of_all || [] : [];
    const told = quality ? quality.reasons.filter((reason) => !apart.includes(reason)) : [];
    const concerns = Boolean(quality && (quality.verdict === "reject" || (quality.verdict !== "ok" && told.length)));
    box.hidden = !concerns;
    const id = concerns ? cxr.key(answer.model, item.film) : "";
    const mark = concerns ? `${id}|${cxr.figuresShown(item, answer)}` : "";
    if (box.dataset.mark === mark) return;
    box.dataset.mark = mark;
    box.replaceChildren();
    if (!concerns) return;
    const rejected = quality.verdict === "reject";
    box.dataset.verdict = quality.verdict;
    const title = rejected ? (item.phantom ? t("A drawing, not a film.") : t("Why:")) : t("Read with care.");
    const reasons = told.map((reason) => element("p", { class: "quality-reason", text: reason }));
    if (!reasons.length) reasons.push(element("p", { class: "quality-reason" }));
    reasons[0].prepend(element("strong", { text: title }), " ");
    box.append(...reasons);
    if (!rejected || quality.withheld) return;
    const shown = state.showRejected.has(id);
    const text = shown ? t("Hide the figures") : t("Show the figures anyway");
    box.append(
      element("button", {
        class: "link", type: "button", text, "aria-expanded": String(shown),
        onclick: () => {
          cxr.showAnyway(id, !shown);
          cxr.changed();
        },
      }),
    );
  }

  function paintRows(item, answer) {
    const visible = cxr.figuresShown(item, answer);
    const ranked = visible
      ? cxr.ranked(answer)
      : cxr.labels().map((label) => ({ ...label, cut: cxr.prevalence.cut(label.key, cxr.threshold(label.key)), above: false }));
    const chosen = cxr.label();
    const above = ranked.filter((finding) => finding.above).length;
    // the chosen one is always in view: the threshold panel and the heat speak of it
    const most = visible ? Math.max(above, SHOWN_AT_LEAST) : SHOWN_AT_LEAST;
    let hidden = 0;
    let shown = 0;
    ranked.forEach((finding, order) => {
      const node = document.querySelector(`#findings [data-label="${finding.key}"]`);
      const keep = finding.above || finding.key === chosen || shown < most || expanded;
      if (keep) shown += 1;
      else hidden += 1;
      node.hidden = !keep;
      node.style.order = order;
      paintRow(node, finding, finding.key === chosen, visible ? answer : null);
    });
    paintMore(hidden, ranked.length > SHOWN_AT_LEAST, visible);
    const said = visible ? [cxr.conclusion.sure(answer, chosen).sentence, measured(answer, chosen).sentence] : [];
    setText(byId("how-sure"), said.filter(Boolean).join(" "));
  }

  /* What was measured on the film beside a finding, {short, sentence}: the cardiothoracic ratio. */
  const measured = (answer, label) => (answer.measures && answer.measures[label]) || { short: "", sentence: "" };

  function paintRow(node, finding, chosen, answer) {
    const { scale } = cxr.statistics;
    const part = (name) => node.querySelector(`.finding-${name}`);
    const { near, sentence } = answer ? cxr.conclusion.sure(answer, finding.key) : { near: null, sentence: "" };
    node.classList.toggle("above", finding.above && !finding.reassuring);
    node.classList.toggle("reassuring", finding.above && finding.reassuring);
    node.classList.toggle("own", cxr.isOwnCut(finding.key));
    node.setAttribute("aria-selected", String(chosen));
    node.tabIndex = chosen ? 0 : -1;
    node.style.setProperty("--share", answer ? scale(finding.probability) : 0);
    node.style.setProperty("--cut", scale(finding.cut));
    setText(part("mark"), finding.above ? "▲" : "");
    setText(part("value"), answer ? percent(finding.probability) : "–");
    if (part("measure")) setText(part("measure"), answer ? measured(answer, finding.key).short : "");
    part("sure").hidden = !near;
    if (near) {
      node.style.setProperty("--low", scale(near.interval[0]));
      node.style.setProperty("--high", scale(near.interval[1]));
    }
    const spoken = answer ? [againstCut(finding), sentence, measured(answer, finding.key).sentence].filter(Boolean).join(" ") : t("{name}: no figure; its cut is {cut}.", {
      name: finding.name, cut: percent(finding.cut),
    });
    node.setAttribute("aria-label", spoken);
    node.title = answer ? spoken : "";
  }

  function againstCut(finding) {
    const values = {
      name: finding.name, probability: percent(finding.probability), cut: percent(finding.cut),
      default: percent(cxr.prevalence.cut(finding.key, cxr.defaultThreshold(finding.key))),
    };
    if (cxr.isOwnCut(finding.key)) {
      return finding.above
        ? t("{name} {probability}, above your cut of {cut} (default {default}).", values)
        : t("{name} {probability}, below your cut of {cut} (default {default}).", values);
    }
    return finding.above
      ? t("{name} {probability}, above its cut of {cut}.", values)
      : t("{name} {probability}, below its cut of {cut}.", values);
  }

  function paintMore(hidden, extra, visible) {
    const more = byId("more");
    more.hidden = !(hidden || (expanded && extra));
    const below = () => plural("{n} more below its cut", "{n} more below their cuts", hidden);
    const others = () => plural("{n} more", "{n} more", hidden);
    setText(more, expanded ? t("Show fewer") : visible ? below() : others());
    more.setAttribute("aria-expanded", String(expanded));
  }

  function paint() {
    const body = document.querySelector(".panel-body");
    // for a moment after a change of model the panel is one model's and the facts another's
    if (!body || !state.facts || body.dataset.model !== state.facts.id) return;
    const item = cxr.row();
    const answer = cxr.answerOf(item);
    const said = words(item, answer);
    setText(byId("headline"), said.headline);
    setText(byId("summary"), said.summary);
    byId("headline").parentElement.title = said.placed ? cxr.conclusion.sides() : "";
    body.dataset.tone = said.tone;
    paintFirstOfAll(answer);
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
  cxr.onKey("ArrowLeft", "findings", N_("previous finding"), () => step(-1), "←");
  cxr.onKey("ArrowRight", "findings", N_("next finding"), () => step(1), "→");

  return { build, step, words };
})();
