/* The film: fit or true size, wheel and drag, invert, brightness and contrast. No request but for the picture. */
"use strict";

cxr.viewer = (() => {
  const { state, element, byId, setText } = cxr;
  // around a fitted film, as the stage's padding: the toolbar may not cover the side marker
  const MARGIN = { x: 16, top: 58, bottom: 16 };
  const TRY_AGAIN_AFTER_MS = 3000;
  let nodes = null;
  let shown = null; // film key in view
  let wanted = null;

  function build(stage) {
    const picture = element("img", { class: "film", alt: "", draggable: "false" });
    const canvas = element("canvas", { class: "heat", id: "heat-canvas", role: "img", hidden: true });
    const frame = element("div", { class: "frame" }, [picture, canvas]);
    stage.append(frame);
    nodes = { stage, picture, canvas, frame };
    new ResizeObserver(() => cxr.changed()).observe(stage);
    stage.addEventListener("wheel", wheel, { passive: false });
    drag(stage);
    buildWindow(byId("window-popover"));
    byId("toolbar").addEventListener("click", (event) => {
      const button = event.target.closest("[data-action]");
      if (button) act(button.dataset.action);
    });
  }

  function buildWindow(popover) {
    const { view } = state;
    const slider = (name, text) => {
      const input = element("input", { type: "range", min: "40", max: "250", value: "100", id: `window-${name}` });
      input.addEventListener("input", () => {
        view[name] = Number(input.value) / 100;
        cxr.changed();
      });
      return { input, label: element("label", {}, [element("span", { text }), input]) };
    };
    const [brightness, contrast] = [slider("brightness", "Brightness"), slider("contrast", "Contrast")];
    const reset = element("button", { class: "link", type: "button", text: "Reset" });
    reset.addEventListener("click", () => {
      view.brightness = view.contrast = 1;
      brightness.input.value = contrast.input.value = "100";
      cxr.changed();
    });
    popover.append(brightness.label, contrast.label, reset);
  }

  function act(action) {
    const { view } = state;
    if (action === "invert") view.invert = !view.invert;
    if (action === "heat") view.heat = !view.heat;
    if (action === "zoom") view.zoom = view.zoom === "fit" ? 1 / window.devicePixelRatio : "fit";
    if (action === "window") byId("window-popover").hidden = !byId("window-popover").hidden;
    cxr.changed();
  }

  /* Screen pixels per film pixel. */
  function fitScale(item) {
    const { clientWidth, clientHeight } = nodes.stage;
    const [width, height] = [clientWidth - 2 * MARGIN.x, clientHeight - MARGIN.top - MARGIN.bottom];
    return Math.max(0.01, Math.min(width / item.width, height / item.height));
  }

  const scaleOf = (item) => (state.view.zoom === "fit" ? fitScale(item) : state.view.zoom);

  /* Zoom about the pointer. */
  function wheel(event) {
    const item = cxr.row();
    if (!item || !item.film) return;
    event.preventDefault();
    const before = scaleOf(item);
    const fit = fitScale(item);
    const after = Math.min(8, Math.max(Math.min(fit, 1), before * Math.exp(-event.deltaY * 0.0015)));
    const box = nodes.frame.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / before, (event.clientY - box.top) / before];
    state.view.zoom = after <= fit * 1.001 ? "fit" : after;
    size(item);
    const moved = nodes.frame.getBoundingClientRect();
    nodes.stage.scrollLeft += moved.left + x * scaleOf(item) - event.clientX;
    nodes.stage.scrollTop += moved.top + y * scaleOf(item) - event.clientY;
    cxr.changed();
  }

  function drag(stage) {
    let from = null;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop };
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!from) return;
      stage.scrollLeft = from.x - event.clientX;
      stage.scrollTop = from.y - event.clientY;
    });
    for (const kind of ["pointerup", "pointercancel"]) stage.addEventListener(kind, () => (from = null));
  }

  function size(item) {
    const scale = scaleOf(item);
    nodes.frame.style.width = `${Math.round(item.width * scale)}px`;
    nodes.frame.style.height = `${Math.round(item.height * scale)}px`;
    nodes.stage.classList.toggle("pannable", state.view.zoom !== "fit");
  }

  async function show(item) {
    if (wanted === item.film) return;
    wanted = item.film;
    nodes.stage.classList.add("loading");
    try {
      const url = await cxr.pictures.film(item.film);
      if (wanted !== item.film) return;
      nodes.picture.src = url;
      await nodes.picture.decode();
      if (wanted !== item.film) return;
      shown = item.film;
      nodes.picture.alt = `${cxr.words.film(item)}, chest film`;
      preloadNeighbours(item);
    } catch {
      // asked for again after a while, never at once; one that is gone not at all
      if (wanted === item.film && !cxr.analysis.isGone(item)) setTimeout(() => showAgain(item.film), TRY_AGAIN_AFTER_MS);
      if (wanted !== item.film || !cxr.analysis.isGone(item)) return;
    }
    nodes.stage.classList.remove("loading");
    cxr.changed();
  }

  function showAgain(film) {
    if (wanted !== film || shown === film) return;
    wanted = null;
    cxr.changed();
  }

  function preloadNeighbours(item) {
    const index = state.films.indexOf(item);
    for (const neighbour of [state.films[index + 1], state.films[index - 1]]) {
      if (neighbour && neighbour.film) cxr.pictures.film(neighbour.film).catch(() => {});
    }
  }

  function pressed(action, on) {
    const button = document.querySelector(`.tool[data-action="${action}"]`);
    button.setAttribute("aria-pressed", String(on));
    return button;
  }

  function paint() {
    if (!nodes) return;
    const item = cxr.row();
    const present = Boolean(item && item.film);
    byId("empty").hidden = state.films.length > 0;
    nodes.stage.hidden = byId("toolbar").hidden = !present;
    if (!present) {
      byId("window-popover").hidden = true;
      shown = wanted = null;
      return;
    }
    show(item);
    size(item);
    nodes.frame.style.visibility = shown === item.film ? "visible" : "hidden";
    const { invert, brightness, contrast, zoom, heat } = state.view;
    nodes.picture.style.filter = `brightness(${brightness}) contrast(${contrast}) invert(${invert ? 1 : 0})`;
    pressed("invert", invert);
    pressed("heat", heat);
    pressed("window", brightness !== 1 || contrast !== 1);
    const percent = Math.round(scaleOf(item) * window.devicePixelRatio * 100);
    setText(pressed("zoom", zoom !== "fit"), `${zoom === "fit" ? "Fit" : "Zoom"} ${percent} %`);
  }

  cxr.painters.push(paint);
  const { N_ } = cxr.words;
  cxr.onKey("h", "film", N_("heatmap on or off"), () => act("heat"));
  cxr.onKey("i", "film", N_("invert the film"), () => act("invert"));
  cxr.onKey("f", "film", N_("fit, or one film pixel per screen pixel"), () => act("zoom"));
  cxr.onKey("w", "film", N_("brightness and contrast"), () => act("window"));
  document.addEventListener("cxr-close", () => (byId("window-popover").hidden = true));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#window-popover, [data-action=window]")) byId("window-popover").hidden = true;
  });

  return { build, act, canvas: () => nodes && nodes.canvas, inView: (item) => shown === item.film };
})();
