/* Where to cut: chips, slider, keys, and what follows from them. All of it without a request. */
"use strict";

cxr.cut = (() => {
  const { state, element, byId, setText } = cxr;
  const { interval, lower, percent, plural, t, N_ } = cxr.words;
  const STEPS = 1000; // of the slider, on the angular scale
  const KEY_STEP = 10; // of them for one press of [ or ]
  let nodes = null;

  function build(panel) {
    const slider = element("input", {
      type: "range", min: "1", max: String(STEPS - 1), step: "1", id: "cut-range", "aria-label": t("Cut"),
    });
    slider.addEventListener("input", () => cutAt(Number(slider.value)));
    panel.querySelector("#cut-slider").append(slider);
    const all = element("button", {
      class: "link", type: "button", id: "cut-all", text: t("Use for all findings"),
      title: t("Set every finding's cut by this operating point"),
    });
    all.addEventListener("click", () => {
      const [active] = activePoints(cxr.label());
      if (!active) return;
      const within = Object.entries(active.thresholds).filter(([, value]) => attainable(value));
      cxr.setThresholds(Object.fromEntries(within));
    });
    panel.querySelector(".chips").append(all);
    panel.querySelector(".chips").addEventListener("click", (event) => {
      const chip = event.target.closest("[data-point]");
      const label = cxr.label();
      if (chip) choosePoint(cxr.point(chip.dataset.point), label);
    });
    const dots = element("canvas", { role: "img" });
    panel.querySelector("#dots").append(dots);
    const own = buildOwn(panel.querySelector("#own-cut"));
    nodes = { panel, slider, all, dots, own };
    cxr.measured.build(panel);
    new ResizeObserver(() => cxr.changed()).observe(panel.querySelector("#dots"));
  }

  function buildOwn(node) {
    const text = element("span");
    const back = element("button", {
      class: "link", type: "button", id: "cut-defaults", text: t("Back to the defaults"),
      title: t("All cuts of this model, how common each finding is, and the films it is measured on"),
      onclick: () => {
        cxr.choices.forget();
        nodes.slider.focus(); // the button goes with what it undid
      },
    });
    node.append(text, back);
    return { text, back };
  }

  /* A threshold of 0 or 1 says that the films could not give this operating point. */
  const attainable = (threshold) => threshold > 0 && threshold < 1;

  /* Set the cut of the label in view to a place on the slider. */
  function cutAt(position) {
    const held = Math.min(STEPS - 1, Math.max(1, position));
    cxr.setThresholds({ [cxr.label()]: cxr.statistics.unscale(held / STEPS) });
  }

  function nudge(steps) {
    if (inView()) cutAt(Math.round(cxr.statistics.scale(cxr.threshold(cxr.label())) * STEPS) + steps);
  }

  /* The next preset that the films could give; from a cut of the reader's own, the first. */
  function nextPoint() {
    if (!inView()) return;
    const label = cxr.label();
    const points = state.facts.operating_points.filter((item) => attainable(item.thresholds[label]));
    if (!points.length) return;
    const index = points.findLastIndex((item) => activePoints(label).includes(item));
    choosePoint(points[(index + 1) % points.length], label);
  }

  /* The cuts of a joint point belong together: they were chosen by what all of them do to a film. */
  function choosePoint(item, label) {
    if (!item.joint) return cxr.setThresholds({ [label]: item.thresholds[label] });
    return cxr.setThresholds(item.thresholds);
  }

  const inView = () => Boolean(nodes && state.facts && nodes.panel.isConnected && !byId("figures").hidden);

  function activePoints(label) {
    const now = cxr.threshold(label);
    return state.facts.operating_points.filter((item) => Math.abs(item.thresholds[label] - now) < 1e-9);
  }

  function paintChips(label) {
    const active = activePoints(label);
    for (const chip of nodes.panel.querySelectorAll("[data-point]")) {
      const item = cxr.point(chip.dataset.point);
      chip.setAttribute("aria-pressed", String(active.includes(item)));
      chip.disabled = !attainable(item.thresholds[label]);
      const name = item.short || item.name;
      setText(chip, chip.disabled ? t("{name}: not attainable", { name }) : name);
    }
    const differs = active.length && cxr.labels().some(({ key }) => {
      const wanted = active[0].thresholds[key];
      return attainable(wanted) && cxr.threshold(key) !== wanted;
    });
    const more = nodes.panel.querySelector(".chips-more");
    // a preset in force is in sight
    if (more && active.length && active.every((item) => item.more) && more.dataset.opened !== label) {
      more.open = true;
      more.dataset.opened = label;
    }
    nodes.all.hidden = !differs;
  }

  function paintFigure(key, name, figure) {
    const cell = nodes.panel.querySelector(`[data-figure="${key}"]`);
    setText(cell.querySelector(".four-name"), name);
    setText(cell.querySelector(".four-value"), percent(figure.value));
    setText(cell.querySelector(".four-interval"), interval(figure.interval));
  }

  function paintThousand(counts, prevalence) {
    const sentence = byId("thousand");
    if (!counts) {
      setText(sentence, t("Too few held-out films to say what follows from this cut."));
      cxr.dots.draw(nodes.dots, null);
      return;
    }
    const parts = {
      found: plural("{n} found", "{n} found", counts.found),
      missed: plural("{n} missed", "{n} missed", counts.missed),
      alarms: plural("{n} false alarm", "{n} false alarms", counts.alarms),
      cleared: plural("{n} rightly cleared", "{n} rightly cleared", counts.cleared),
    };
    const whole = t("Of 1,000 patients like these: {found}, {missed}, {alarms}, {cleared}.");
    const pieces = whole.split(/\{(\w+)\}/); // text, field, text, field, …
    sentence.replaceChildren(
      ...pieces.map((piece, index) => (index % 2 ? element("b", { class: piece, text: parts[piece] }) : piece)),
    );
    sentence.dataset.prevalence = String(prevalence);
    cxr.dots.draw(nodes.dots, counts);
    nodes.dots.setAttribute("aria-label", sentence.textContent);
  }

  function paint() {
    if (!nodes || !nodes.panel.isConnected || !state.facts || nodes.panel.dataset.model !== state.facts.id) return;
    const label = cxr.label();
    const threshold = cxr.threshold(label);
    const name = cxr.nameOf(label);
    setText(byId("cut-title"), t("{name} · where to cut", { name }));
    setText(byId("cut-value"), t("cut {cut}", { cut: percent(cxr.prevalence.cut(label, threshold)) }));
    const position = Math.round(cxr.statistics.scale(threshold) * STEPS);
    if (Number(nodes.slider.value) !== position) nodes.slider.value = String(position);
    nodes.slider.style.setProperty("--share", cxr.statistics.scale(threshold));
    nodes.slider.setAttribute("aria-label", t("Cut for {name}", { name: lower(name) }));
    nodes.slider.setAttribute("aria-valuetext", percent(cxr.prevalence.cut(label, threshold)));
    paintChips(label);
    paintOwn(label);
    paintConsequences(label, threshold);
  }

  /* Whose cut it is, and the way back; a cut of another version of the model is named, never applied. */
  function paintOwn(label) {
    const others = cxr.labels().filter((one) => one.key !== label && cxr.isOwnCut(one.key)).length;
    const own = cxr.isOwnCut(label);
    const text = own
      ? t("Your cut; the default is {cut}.", { cut: percent(cxr.prevalence.cut(label, cxr.defaultThreshold(label))) })
      : others
        ? plural("{n} other cut is your own.", "{n} other cuts are your own.", others)
        : cxr.choices.outdated()
          ? t("The model is new: your cuts for another version of it are not applied.")
          : t("The model's default cut."); // said too, so that the figures below stay where they are
    setText(nodes.own.text, text);
    nodes.own.back.hidden = !own && !others && !cxr.choices.outdated();
  }

  function paintConsequences(label, threshold) {
    const held = cxr.heldOut.split(label);
    const prevalence = cxr.heldOut.prevalence(label);
    const figures = cxr.statistics.consequences(held.positives[label], held.negatives[label], threshold, prevalence);
    paintFigure("sensitivity", t("sensitivity"), figures.sensitivity);
    paintFigure("specificity", t("specificity"), figures.specificity);
    paintFigure("ppv", t("PPV at {prevalence}", { prevalence: percent(prevalence) }), figures.ppv);
    paintFigure("npv", t("NPV at {prevalence}", { prevalence: percent(prevalence) }), figures.npv);
    paintThousand(figures.perThousand, prevalence);
    cxr.measured.paint(label);
  }

  cxr.painters.push(paint);
  cxr.onKey("[", "findings", N_("lower the cut"), () => nudge(-KEY_STEP));
  cxr.onKey("]", "findings", N_("raise the cut"), () => nudge(KEY_STEP));
  cxr.onKey("p", "findings", N_("next preset of the cut"), () => nextPoint());

  return { build };
})();
