/* The grey window: presets, two sliders, and dragging on the film. The picture has 8 bits, so these are contrasts of the
 * grey levels as they stand in it, and no Hounsfield units. */
"use strict";

cxr.grey = (() => {
  const { element, setText } = cxr;
  const { t, N_ } = cxr.words;
  // on frontal films as they are shown here the lungs lie mostly between levels 40 and 205, what is around them above 150
  const PRESETS = [
    { name: N_("Default"), window: { width: 255, level: 127.5 }, help: N_("contrast: default") },
    { name: N_("Lung contrast"), window: { width: 170, level: 120 }, help: N_("contrast for the lungs") },
    { name: N_("Bone and mediastinum contrast"), window: { width: 140, level: 185 }, help: N_("contrast for bone and mediastinum") },
    { name: N_("High contrast"), window: { width: 128, level: 140 }, help: N_("high contrast") },
  ];
  let popover = null;
  let parts = null;
  let figures = null;

  const sheet = () => cxr.view.activeSheet();
  const current = () => cxr.view.toneOf(sheet()).window;

  function build(node, toolbar) {
    popover = node;
    figures = element("button", { class: "window-figures", type: "button", hidden: true, onclick: reset }, [
      element("span"), element("span", { class: "window-reset", text: t("Reset") }),
    ]);
    toolbar.append(figures);
  }

  function reset() {
    choose(PRESETS[0]);
    cxr.byId("stage").focus({ preventScroll: true });
  }

  function slider(name, text, low, high) {
    const value = element("output", {});
    const input = element("input", { type: "range", min: String(low), max: String(high), step: "1", id: `window-${name}` });
    input.addEventListener("input", () => {
      const { width, level } = { ...current(), [name]: Number(input.value) };
      cxr.view.setWindow(sheet(), width, level);
      cxr.changed();
    });
    const label = element("label", {}, [element("span", {}, [element("span", { text }), value]), input]);
    return { name, input, value, label };
  }

  /* When it is first opened: the language has come by then. */
  function fill() {
    const presets = PRESETS.map((preset, index) =>
      element("button", { class: "tool preset", type: "button", onclick: () => choose(preset) }, [
        element("span", { text: t(preset.name) }), element("kbd", { text: String(index + 1) }),
      ]),
    );
    const sliders = [slider("width", t("Window (contrast)"), 2, 510), slider("level", t("Level (brightness)"), 0, 255)];
    popover.append(
      element("div", { class: "presets", role: "group", "aria-label": t("Contrast") }, presets),
      ...sliders.map((one) => one.label),
      element("p", { class: "hint", text: t("Drag on the film: sideways for contrast, up and down for brightness. The right button does so at any time.") }),
    );
    parts = { presets, sliders };
  }

  function choose(preset) {
    if (!sheet().pane || !sheet().room) return;
    cxr.view.setWindow(sheet(), preset.window.width, preset.window.level);
    cxr.changed();
  }

  const open = () => Boolean(popover) && !popover.hidden;

  const opener = () => cxr.byId("toolbar").querySelector("[data-action=window]");

  function toggle() {
    if (!parts) fill();
    if (open()) return close();
    popover.hidden = false;
    // opened by keyboard, the keyboard goes in; with the mouse the film is dragged next
    if (opener().matches(":focus-visible")) parts.presets[0].focus({ preventScroll: true });
  }

  function close() {
    if (!popover) return;
    if (popover.contains(document.activeElement)) opener().focus({ preventScroll: true });
    popover.hidden = true;
  }

  /* The window stays from film to film: so its figures stand there for as long as it is not the default one. */
  function say({ width, level }) {
    const { PLAIN } = cxr.look;
    figures.hidden = width === PLAIN.width && level === PLAIN.level;
    setText(figures.firstChild, t("window {width} / level {level}", { width: Math.round(width), level: Math.round(level) }));
  }

  function paint() {
    if (!parts || popover.hidden || !sheet().pane) return;
    const now = current();
    for (const { name, input, value } of parts.sliders) {
      input.value = String(Math.round(now[name]));
      setText(value, String(Math.round(now[name])));
    }
    parts.presets.forEach((button, index) => {
      const { width, level } = PRESETS[index].window;
      button.setAttribute("aria-pressed", String(width === now.width && level === now.level));
    });
  }

  cxr.gestures.dragGreyWhile(open);
  cxr.actions.add("window", toggle);
  cxr.onKey("w", "film", N_("window: drag for contrast and brightness"), () => cxr.actions.act("window"));
  PRESETS.forEach((preset, index) => cxr.onKey(String(index + 1), "film", preset.help, () => choose(preset)));
  document.addEventListener("cxr-close", () => {
    close();
    cxr.changed();
  });
  document.addEventListener("click", (event) => {
    // on the film itself the popover stays: there it is dragged
    if (open() && !event.target.closest("#window-popover, #toolbar, #stage")) {
      close();
      cxr.changed();
    }
  });

  return { build, close, open, say, paint };
})();
