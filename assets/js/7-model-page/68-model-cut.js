/* The page about the model, "at your cut": held-out films counted at the cut of the chosen label. */
"use strict";

cxr.modelCut = (() => {
  const { element, setText, state } = cxr;
  const { t, plural, percent, interval } = cxr.words;
  const { atOrAbove, scale, unscale, wilson } = cxr.statistics;
  const STEPS = 1000;

  /* The four counts of one split. A film at the cut is called. */
  function countsAt(held, label, cut) {
    const [positives, negatives] = [held.positives[label], held.negatives[label]];
    const found = atOrAbove(positives, cut);
    const alarms = atOrAbove(negatives, cut);
    return { found, missed: positives.length - found, alarms, cleared: negatives.length - alarms };
  }

  const number = (value, name, className) =>
    element("td", { class: className, "data-count": name }, [
      element("strong", { text: String(value) }), element("span", { text: cellName(name) }),
    ]);

  function cellName(name) {
    if (name === "found") return t("found");
    if (name === "missed") return t("missed");
    return name === "alarms" ? t("false alarms") : t("rightly cleared");
  }

  function rate(name, title, part, total) {
    const text = total ? percent(part / total) : "–";
    return element("td", { class: "rate", "data-rate": name }, [
      element("span", { text: title }), element("strong", { text }), element("span", { text: interval(wilson(part, total)) }),
    ]);
  }

  /* The matrix with its margins: sensitivity and specificity below, predictive values beside. */
  function matrix(counts, name) {
    const { found, missed, alarms, cleared } = counts;
    const films = (count, one) => plural("{n} film", "{n} films", count, { one });
    const head = (text, scope, more) => element("th", { scope }, [element("span", { text }), element("small", { text: more })]);
    return element("table", {}, [
      element("caption", { class: "hidden-label", text: t("Confusion matrix of {name}", { name }) }),
      element("thead", {}, [element("tr", {}, [
        element("td"),
        head(t("with it"), "col", films(found + missed)),
        head(t("without it"), "col", films(alarms + cleared)),
        element("td"),
      ])]),
      element("tbody", {}, [
        element("tr", {}, [
          head(t("called"), "row", films(found + alarms)),
          number(found, "found", "right"), number(alarms, "alarms", "wrong"), rate("ppv", t("PPV"), found, found + alarms),
        ]),
        element("tr", {}, [
          head(t("not called"), "row", films(missed + cleared)),
          number(missed, "missed", "wrong"), number(cleared, "cleared", "right"), rate("npv", t("NPV"), cleared, missed + cleared),
        ]),
        element("tr", {}, [
          element("td"),
          rate("sensitivity", t("Sensitivity"), found, found + missed),
          rate("specificity", t("Specificity"), cleared, alarms + cleared),
          element("td"),
        ]),
      ]),
    ]);
  }

  /* The same slider as beside the film: moving it here moves it there. */
  function control(node) {
    const slider = element("input", { type: "range", min: 0, max: STEPS, id: "card-cut-slider" });
    slider.addEventListener("input", () =>
      cxr.setThresholds({ [cxr.modelPage.label()]: unscale(slider.value / STEPS) }));
    const reset = element("button", { class: "link", type: "button", onclick: () => {
      const label = cxr.modelPage.label();
      cxr.setThresholds({ [label]: cxr.defaultThreshold(label) });
    } });
    const parts = { name: element("label", { for: "card-cut-slider" }), slider, value: element("output"), reset };
    node.replaceChildren(...Object.values(parts));
    node.parts = parts;
    return parts;
  }

  function paintControl(node, name, cut, usual) {
    const { name: title, slider, value, reset } = node.parts || control(node);
    setText(title, t("Cut for {name}", { name }));
    setText(value, percent(cut));
    setText(reset, t("back to {cut}", { cut: percent(usual) }));
    reset.hidden = Math.abs(cut - usual) < 1e-9;
    slider.setAttribute("aria-valuetext", percent(cut));
    const place = Math.round(scale(cut) * STEPS);
    if (Number(slider.value) !== place) slider.value = place;
    slider.style.setProperty("--share", String(place / STEPS));
  }

  function paintSplit(node, label, cut) {
    const held = state.facts.held_out.find((one) => one.split === node.dataset.split);
    if (!held) return;
    const counts = countsAt(held, label, cut);
    const { found, missed, alarms, cleared } = counts;
    const shown = [label, found, missed, alarms, cleared].join("|");
    if (node.dataset.shown !== shown) {
      node.dataset.shown = shown;
      node.replaceChildren(matrix(counts, cxr.nameOf(label)));
    }
    const [sensitivity, alarmed] = [found / (found + missed), alarms / (alarms + cleared)];
    cxr.modelPage.moveMarks(held.split, {
      roc: [alarmed, sensitivity],
      precision: [sensitivity, found + alarms ? found / (found + alarms) : null],
    });
  }

  cxr.painters.push(function paint() {
    if (!state.facts || !cxr.modelPage.isOpen()) return;
    const splits = document.querySelectorAll(`.confusion[data-model="${state.facts.id}"]`);
    const label = cxr.modelPage.label();
    if (!splits.length || !cxr.labels().some((one) => one.key === label)) return;
    const cut = cxr.threshold(label);
    paintControl(document.querySelector(".card-cut-control"), cxr.nameOf(label), cut, cxr.defaultThreshold(label));
    for (const node of splits) paintSplit(node, label, cut);
  });

  return { countsAt };
})();
