/* What the heat's colours or lines mean, and how strongly, in which colours and for which findings it is drawn. */
"use strict";

cxr.legend = (() => {
  const { state, element, byId, setText } = cxr;
  const { t } = cxr.words;
  let parts = null;

  function build(node) {
    const bar = element("canvas", { class: "legend-bar", width: "256", height: "1", "aria-hidden": "true" });
    const title = element("div", { class: "legend-title" });
    const peak = element("span");
    const ends = element("div", { class: "legend-ends" }, [element("span", { text: t("none") }), peak]);
    const samples = cxr.heat.levels.map((share, index) => {
      const sample = element("span", { class: `sample sample-${index}` });
      return { share, sample, node: element("span", {}, [sample, element("span", { text: cxr.words.percent(share) })]) };
    });
    const key = element("div", { class: "legend-lines", hidden: true }, samples.map((one) => one.node));
    const options = element("div", { class: "legend-options", id: "heat-options", hidden: true }, optionRows());
    const more = element("button", {
      class: "link", type: "button", text: t("Options"), "aria-expanded": "false", "aria-controls": "heat-options",
      onclick: () => show(options.hidden),
    });
    const show = (open) => {
      if (!open && options.contains(document.activeElement)) more.focus();
      options.hidden = !open;
      more.setAttribute("aria-expanded", String(open));
    };
    document.addEventListener("cxr-close", () => show(false));
    node.append(element("div", { class: "legend-head" }, [title, more]), bar, key, ends, options);
    parts = { title, bar, peak, key, samples, options, maps: [...options.querySelectorAll(".swatch")], painted: "" };
  }

  function optionRows() {
    const slider = element("input", { type: "range", min: "0", max: "100", id: "opacity" });
    slider.value = String(Math.round(state.view.opacity * 100));
    slider.addEventListener("input", () => {
      state.view.opacity = Number(slider.value) / 100;
      cxr.changed();
    });
    const toggle = (action, text) =>
      element("button", { class: "tool", type: "button", "data-action": action, text, onclick: () => cxr.viewer.act(action) });
    return [
      element("label", { class: "legend-opacity" }, [element("span", { text: t("Opacity") }), slider]),
      element("div", { class: "swatches", role: "group", "aria-label": t("Colours") }, Object.keys(cxr.heat.tables).map(swatch)),
      element("div", { class: "legend-toggles" }, [toggle("contour", t("Contours")), toggle("above", t("Only above the cut"))]),
    ];
  }

  function swatch(name) {
    const bar = element("canvas", { width: "64", height: "1", "aria-hidden": "true" });
    paintBar(bar, name);
    const choose = () => {
      state.view.colourMap = name;
      cxr.changed();
    };
    return element(
      "button",
      { class: "swatch", type: "button", title: name, "aria-label": t("Colours: {name}", { name }), "data-map": name, onclick: choose },
      [bar],
    );
  }

  function paintBar(canvas, name) {
    const image = new ImageData(canvas.width, 1);
    const table = cxr.heat.tables[name];
    for (let x = 0; x < canvas.width; x += 1) {
      const level = Math.round((255 * x) / (canvas.width - 1));
      image.data.set([...table.subarray(3 * level, 3 * level + 3), 255], 4 * x);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  /* Two maps side by side are each drawn to their own peak, and the legend says so. */
  function words(sheets) {
    const maps = sheets.map(({ pane }) => ({ finding: cxr.words.lower(pane.name), peak: pane.answer.heat[pane.label].peak }));
    if (maps.length > 1) return [t("evidence, each map to its own peak"), t("its peak")];
    const [{ finding, peak }] = maps;
    return [t("evidence for {finding}", { finding }), t("peak {logits} logits", { logits: short(peak) })];
  }

  /* Two significant digits, in the language's own figures. */
  function short(value) {
    const digits = Math.max(0, 1 - Math.floor(Math.log10(Math.abs(value) || 1)));
    return cxr.words.decimal(Number(value.toPrecision(2)), digits > 1 ? digits : Number.isInteger(Number(value.toPrecision(2))) ? 0 : digits);
  }

  function paint(sheets) {
    byId("legend").hidden = sheets.length === 0;
    if (sheets.length === 0) return;
    if (!parts) build(byId("legend"));
    const { contour, colourMap, onlyAbove } = state.view;
    const [title, peak] = words(sheets);
    setText(parts.title, title);
    setText(parts.peak, peak);
    parts.bar.hidden = contour;
    parts.key.hidden = !contour;
    for (const one of parts.samples) one.sample.style.borderColor = cxr.heat.lineColour(one.share);
    for (const [action, on] of [["contour", contour], ["above", onlyAbove]]) {
      parts.options.querySelector(`[data-action="${action}"]`).setAttribute("aria-pressed", String(on));
    }
    parts.options.querySelector("#opacity").disabled = contour;
    for (const one of parts.maps) one.setAttribute("aria-pressed", String(one.dataset.map === colourMap));
    if (parts.painted !== colourMap) paintBar(parts.bar, colourMap);
    parts.painted = colourMap;
  }

  return { paint };
})();
