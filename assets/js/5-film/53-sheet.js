/* One film in one box: its picture behind a linear grey window, its heat and its contour lines, moved by one matrix. */
"use strict";

cxr.sheet = (() => {
  const { element } = cxr;
  const SVG = "http://www.w3.org/2000/svg";
  const TRY_AGAIN_AFTER_MS = 3000;
  const PIXELATED_FROM = 3; // device pixels per film pixel

  function drawing(tag, attributes = {}, children = []) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /* A filter that maps grey levels by one straight line, on the colours as they are stored. */
  function windowFilter(id) {
    const channels = ["R", "G", "B"].map((one) => drawing(`feFunc${one}`, { type: "linear", slope: "1", intercept: "0" }));
    const filter = drawing("filter", { id, x: "0", y: "0", width: "1", height: "1", "color-interpolation-filters": "sRGB" }, [
      drawing("feComponentTransfer", {}, channels),
    ]);
    return { channels, node: drawing("svg", { class: "filters", "aria-hidden": "true", width: "0", height: "0" }, [filter]) };
  }

  function make(name, canvasId) {
    const picture = element("img", { class: "film", alt: "", draggable: "false" });
    const canvas = element("canvas", { class: "heat", id: canvasId, role: "img", hidden: true });
    const frame = element("div", { class: "frame" }, [picture]);
    const warm = element("div", { class: "frame" }, [canvas]);
    const toned = element("div", { class: "tone" }, [frame]);
    const filter = windowFilter(`window-of-${name}`);
    const group = drawing("g");
    const lines = drawing("svg", { class: "lines", "aria-hidden": "true" }, [group]);
    const note = element("div", { class: "film-note", role: "status", hidden: true });
    const view = element("div", { class: "pane-view" }, [filter.node, toned, warm, lines, note]);
    const caption = element("div", { class: "pane-caption" });
    const head = element("div", { class: "pane-head", hidden: true }, [caption]);
    const node = element("div", { class: `pane ${name}` }, [head, view]);
    return {
      node, view, head, caption, picture, canvas, frame, warm, tone: toned, lines, group, note,
      channels: filter.channels, filter: `url(#window-of-${name})`, toned: "",
      pane: null, room: null, crop: null, shown: null, wanted: null, job: "", failed: "",
    };
  }

  /* Lay the film, its heat and its lines at a matrix. */
  function place(sheet, m, percent) {
    const { width, height } = sheet.pane.item;
    const transform = `matrix(${m.map((part) => part.toFixed(6)).join(",")})`;
    for (const layer of [sheet.frame, sheet.warm]) {
      Object.assign(layer.style, { width: `${width}px`, height: `${height}px`, transform });
    }
    sheet.picture.classList.toggle("pixelated", percent >= 100 * PIXELATED_FROM);
    if (!sheet.crop) return;
    // a stroke keeps its width only inside its own drawing: so that stands still and its contents move
    const { x, y, across, down } = sheet.crop;
    sheet.group.setAttribute("transform", `${transform} translate(${x} ${y}) scale(${across} ${down})`);
  }

  /* Grey levels from level - width / 2 to level + width / 2 become black to white, or white to black. */
  function tone(sheet, { width, level }, invert) {
    const slope = 255 / width;
    const intercept = 0.5 - level / width;
    const [rise, start] = invert ? [-slope, 1 - intercept] : [slope, intercept];
    const wanted = `${rise} ${start}`;
    if (sheet.toned === wanted) return;
    sheet.toned = wanted;
    for (const channel of sheet.channels) {
      channel.setAttribute("slope", rise);
      channel.setAttribute("intercept", start);
    }
    sheet.tone.style.filter = rise === 1 && start === 0 ? "none" : sheet.filter;
  }

  async function load(sheet, item) {
    if (sheet.wanted === item.film) return;
    sheet.wanted = item.film;
    sheet.node.classList.add("loading");
    try {
      const url = await cxr.pictures.film(item.film);
      if (sheet.wanted !== item.film) return;
      sheet.picture.src = url;
      await sheet.picture.decode();
      if (sheet.wanted !== item.film) return;
      sheet.shown = item.film;
      sheet.picture.alt = cxr.words.t("{film}, chest film", { film: cxr.words.film(item) });
    } catch {
      if (sheet.wanted !== item.film) return;
      // asked for again after a while, never at once; one that is gone not at all
      if (!cxr.analysis.isGone(item)) {
        setTimeout(() => loadAgain(sheet, item.film), TRY_AGAIN_AFTER_MS);
        return;
      }
    }
    sheet.node.classList.remove("loading");
    cxr.changed();
  }

  function loadAgain(sheet, film) {
    if (sheet.wanted !== film || sheet.shown === film) return;
    sheet.wanted = null;
    cxr.changed();
  }

  function clear(sheet) {
    Object.assign(sheet, { shown: null, wanted: null, pane: null });
  }

  return { make, place, tone, load, clear, drawing };
})();
