/* The heat over the film: coloured in the browser from the map's grey levels, with the table the downloads use. */
"use strict";

cxr.heat = (() => {
  const { state, element, byId, setText } = cxr;
  const tables = {}; // colour map name -> Uint8Array of 256 RGB triples
  let drawn = ""; // what the canvas holds, or is about to
  let failed = ""; // what could not be fetched; asked for again when the heat is switched off and on
  let legend = null;

  function readTables(encoded) {
    for (const [name, text] of Object.entries(encoded)) {
      tables[name] = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    }
    state.view.colourMap = Object.keys(tables)[0];
  }

  /* The rule of cxr_dash/imaging/overlay.py: full opacity from half the peak on, cold regions stay as they are. */
  const FULL_ALPHA_HEAT = 0.5;
  const alphaOf = (share, opacity) => Math.round(255 * opacity * Math.min(1, share / FULL_ALPHA_HEAT));

  function colour(layer, canvas, name, opacity) {
    const table = tables[name];
    const image = new ImageData(layer.width, layer.height);
    for (let index = 0; index < layer.grey.length; index += 1) {
      const level = layer.grey[index];
      image.data.set(table.subarray(3 * level, 3 * level + 3), 4 * index);
      image.data[4 * index + 3] = alphaOf(level / 255, opacity);
    }
    [canvas.width, canvas.height] = [layer.width, layer.height];
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  async function draw(item, answer, label) {
    const canvas = cxr.viewer.canvas();
    const { colourMap, opacity } = state.view;
    const job = [item.film, answer.model, label, colourMap, opacity].join("|");
    if (drawn === job || failed === job) return;
    [drawn, failed] = [job, ""];
    // never another finding's heat under this one's name, however slow the network
    canvas.hidden = true;
    try {
      const layer = await cxr.pictures.layer(item.film, answer.model, label);
      if (drawn !== job) return;
      colour(layer, canvas, colourMap, opacity);
      const { crop } = answer;
      canvas.style.left = `${(100 * crop.x) / answer.width}%`;
      canvas.style.top = `${(100 * crop.y) / answer.height}%`;
      canvas.style.width = `${(100 * crop.width) / answer.width}%`;
      canvas.style.height = `${(100 * crop.height) / answer.height}%`;
      canvas.dataset.drawn = job;
      canvas.hidden = false;
    } catch {
      if (drawn !== job) return;
      [drawn, failed] = ["", job];
      cxr.changed();
    }
  }

  function buildLegend(node) {
    const title = element("div", { class: "legend-title" });
    const bar = element("canvas", { class: "legend-bar", width: "256", height: "1", "aria-hidden": "true" });
    const peak = element("span");
    const slider = element("input", { type: "range", min: "0", max: "100", id: "opacity" });
    slider.value = String(Math.round(state.view.opacity * 100));
    slider.addEventListener("input", () => {
      state.view.opacity = Number(slider.value) / 100;
      cxr.changed();
    });
    const maps = Object.keys(tables).map((name) => {
      const swatch = element("canvas", { width: "64", height: "1", "aria-hidden": "true" });
      paintBar(swatch, name);
      return element(
        "button",
        {
          class: "swatch", type: "button", title: name, "aria-label": `Colours: ${name}`, "data-map": name,
          onclick: () => {
            state.view.colourMap = name;
            cxr.changed();
          },
        },
        [swatch],
      );
    });
    node.append(
      title,
      bar,
      element("div", { class: "legend-ends" }, [element("span", { text: "none" }), peak]),
      element("label", { class: "legend-opacity" }, [element("span", { text: "Opacity" }), slider]),
      element("div", { class: "swatches", role: "group", "aria-label": "Colours" }, maps),
    );
    legend = { node, title, bar, peak, maps };
  }

  function paintBar(canvas, name) {
    const image = new ImageData(canvas.width, 1);
    for (let x = 0; x < canvas.width; x += 1) {
      const level = Math.round((255 * x) / (canvas.width - 1));
      image.data.set([...tables[name].subarray(3 * level, 3 * level + 3), 255], 4 * x);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function paintLegend(name, peak) {
    if (!legend) buildLegend(byId("legend"));
    setText(legend.title, `evidence for ${name}`);
    setText(legend.peak, `peak ${Number(peak.toPrecision(2))} logits`);
    for (const button of legend.maps) {
      button.setAttribute("aria-pressed", String(button.dataset.map === state.view.colourMap));
    }
    if (legend.painted !== state.view.colourMap) {
      paintBar(legend.bar, state.view.colourMap);
      legend.painted = state.view.colourMap;
    }
  }

  function note(name, visible, trust) {
    if (!visible) return `No localised evidence for ${name}: the map is flat, so nothing is drawn.`;
    if (failed) return "The heatmap could not be fetched. Switch it off and on to try again.";
    const meaning = "Bright: what raised this score most. It is not the outline of a lesion.";
    return trust ? `${trust} ${meaning}` : meaning;
  }

  function paint() {
    const canvas = cxr.viewer.canvas();
    if (!canvas) return;
    const item = cxr.row();
    const answer = cxr.answerOf(item);
    const ready = state.view.heat && cxr.figuresShown(item, answer) && cxr.viewer.inView(item);
    const label = ready && cxr.label();
    const map = ready && answer.heat[label];
    const visible = Boolean(map && !map.flat);
    byId("legend").hidden = !visible;
    byId("heat-note").hidden = !map;
    if (!visible) {
      canvas.hidden = true;
      drawn = failed = "";
    }
    if (!map) return;
    const name = cxr.words.lower(cxr.nameOf(label));
    canvas.setAttribute("aria-label", `Heatmap: where in the film the evidence for ${name} lies`);
    if (visible) {
      paintLegend(name, map.peak);
      draw(item, answer, label);
    }
    setText(byId("heat-note"), note(name, visible, answer.trust[label]));
  }

  cxr.painters.push(paint);

  return { readTables, alphaOf, tables };
})();
