/* Where to cut: chips, slider, prevalence, and what follows from them. All of it without a request. */
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
    const prevalence = element("input", {
      type: "number", min: "0.1", max: "99", step: "any", id: "prevalence-input", inputmode: "decimal",
    });
    prevalence.addEventListener("input", () => setPrevalence(prevalence));
    const known = element("button", { class: "link", type: "button", onclick: () => forgetPrevalence() });
    panel.querySelector("#prevalence").append(
      element("label", { for: "prevalence-input", text: t("How common is it here?") }),
      element("span", { class: "unit" }, [prevalence, element("span", { text: "%" })]),
      known,
    );
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
      if (chip) cxr.setThresholds({ [label]: cxr.point(chip.dataset.point).thresholds[label] });
    });
    const dots = element("canvas", { role: "img" });
    panel.querySelector("#dots").append(dots);
    const measured = buildMeasured(panel.querySelector("#measured-on"));
    const own = buildOwn(panel.querySelector("#own-cut"));
    nodes = { panel, slider, prevalence, known, all, dots, measured, own };
    cxr.roc.build(panel);
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

  function buildMeasured(node) {
    const text = element("span");
    const select = element("select", { "aria-label": t("Measured on") });
    select.addEventListener("change", () => {
      state.splits[state.facts.id] = Number(select.value);
      cxr.choices.keep();
      cxr.changed();
    });
    state.facts.held_out.forEach((held, index) => {
      select.append(element("option", { value: String(index), text: cxr.conclusion.splitName(held.split) }));
    });
    const choice = element("span", {}, [element("span", { text: t("Measured on") }), select]);
    choice.hidden = state.facts.held_out.length < 2;
    node.append(choice, text);
    return { text, select };
  }

  /* Fewer films than these say nothing about a label: two films give a sensitivity of 0, 50 or 100 %. */
  const FEWEST = 10;
  const enough = (held, label) => Math.min(held.positives[label].length, held.negatives[label].length) >= FEWEST;

  /* Where a model was measured in other hospitals, those figures come first: they are the ones to expect. */
  function splitIndex(label) {
    const chosen = state.splits[state.facts.id];
    if (chosen !== undefined) return chosen;
    const elsewhere = (held) => held.split === "external" && enough(held, label);
    return Math.max(0, state.facts.held_out.findIndex(elsewhere));
  }

  const split = (label) => state.facts.held_out[splitIndex(label)];
  const prevalenceKey = (label) => `${state.facts.id}/${label}`;

  /* The same whichever split is shown, so that predictive values can be compared. */
  function heldOutPrevalence(label) {
    const [held] = state.facts.held_out;
    const [with_, without] = [held.positives[label].length, held.negatives[label].length];
    return with_ + without ? with_ / (with_ + without) : 0.05;
  }

  function prevalenceOf(label) {
    const own = state.prevalences[prevalenceKey(label)];
    return Math.min(0.99, Math.max(0.001, own === undefined ? heldOutPrevalence(label) : own));
  }

  function setPrevalence(input) {
    const share = Number(input.value) / 100;
    if (!input.value || !(share > 0) || share >= 1) return;
    state.prevalences[prevalenceKey(cxr.label())] = share;
    cxr.choices.keep();
    cxr.changed();
  }

  function forgetPrevalence() {
    delete state.prevalences[prevalenceKey(cxr.label())];
    cxr.choices.keep();
    cxr.changed();
  }

  /* A threshold of 0 or 1 says that the films could not give this operating point. */
  const attainable = (threshold) => threshold > 0 && threshold < 1;

  /* Whether the reader moved this cut. */
  const isOwn = (label) => Math.abs(cxr.threshold(label) - cxr.defaultThreshold(label)) > 1e-9;

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
    cxr.setThresholds({ [label]: points[(index + 1) % points.length].thresholds[label] });
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
      setText(chip, chip.disabled ? t("{name}: not attainable", { name: item.name }) : item.name);
    }
    const differs = active.length && cxr.labels().some(({ key }) => {
      const wanted = active[0].thresholds[key];
      return attainable(wanted) && cxr.threshold(key) !== wanted;
    });
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
    setText(byId("cut-value"), t("cut {cut}", { cut: percent(threshold) }));
    const position = Math.round(cxr.statistics.scale(threshold) * STEPS);
    if (Number(nodes.slider.value) !== position) nodes.slider.value = String(position);
    nodes.slider.style.setProperty("--share", cxr.statistics.scale(threshold));
    nodes.slider.setAttribute("aria-label", t("Cut for {name}", { name: lower(name) }));
    nodes.slider.setAttribute("aria-valuetext", percent(threshold));
    paintChips(label);
    paintOwn(label);
    paintConsequences(label, threshold);
    cxr.roc.paint(label, threshold);
    cxr.downloads.paint(label, threshold);
  }

  /* Whose cut it is, and the way back; a cut of another version of the model is named, never applied. */
  function paintOwn(label) {
    const others = cxr.labels().filter((one) => one.key !== label && isOwn(one.key)).length;
    const own = isOwn(label);
    const text = own
      ? t("Your cut; the default is {cut}.", { cut: percent(cxr.defaultThreshold(label)) })
      : others
        ? plural("{n} other cut is your own.", "{n} other cuts are your own.", others)
        : cxr.choices.outdated()
          ? t("The model is new: your cuts for another version of it are not applied.")
          : t("The model's default cut."); // said too, so that the figures below stay where they are
    setText(nodes.own.text, text);
    nodes.own.back.hidden = !own && !others && !cxr.choices.outdated();
  }

  function paintConsequences(label, threshold) {
    const held = split(label);
    const prevalence = prevalenceOf(label);
    const [positives, negatives] = [held.positives[label], held.negatives[label]];
    const figures = cxr.statistics.consequences(positives, negatives, threshold, prevalence);
    paintFigure("sensitivity", t("sensitivity"), figures.sensitivity);
    paintFigure("specificity", t("specificity"), figures.specificity);
    paintFigure("ppv", t("PPV at {prevalence}", { prevalence: percent(prevalence) }), figures.ppv);
    paintFigure("npv", t("NPV at {prevalence}", { prevalence: percent(prevalence) }), figures.npv);
    paintThousand(figures.perThousand, prevalence);
    const shown = (100 * prevalence).toFixed(prevalence < 0.1 ? 1 : 0);
    if (document.activeElement !== nodes.prevalence) nodes.prevalence.value = shown;
    const own = prevalenceKey(label) in state.prevalences;
    nodes.known.hidden = !own;
    setText(nodes.known, t("as in the held-out films ({split}): {share}", {
      split: cxr.conclusion.splitName(state.facts.held_out[0].split), share: percent(heldOutPrevalence(label)),
    }));
    nodes.measured.select.value = String(splitIndex(label));
    const total = positives.length + negatives.length;
    const counted = { total, name: lower(cxr.nameOf(label)), split: cxr.conclusion.splitName(held.split) };
    setText(nodes.measured.text, measuredInWords(positives.length, counted));
    nodes.measured.text.title = held.description;
  }

  /* Which films, how many of them; with a choice of splits, the split's name stands in the box before. */
  function measuredInWords(count, values) {
    if (state.facts.exclusive) {
      return state.facts.held_out.length < 2
        ? plural("Measured on {total} held-out films ({split}), {n} of this class; 95 % intervals.",
            "Measured on {total} held-out films ({split}), {n} of this class; 95 % intervals.", count, values)
        : plural("{total} films, {n} of this class; 95 % intervals.",
            "{total} films, {n} of this class; 95 % intervals.", count, values);
    }
    return state.facts.held_out.length < 2
      ? plural("Measured on {total} held-out films ({split}), {n} with {name}; 95 % intervals.",
          "Measured on {total} held-out films ({split}), {n} with {name}; 95 % intervals.", count, values)
      : plural("{total} films, {n} with {name}; 95 % intervals.",
          "{total} films, {n} with {name}; 95 % intervals.", count, values);
  }

  cxr.painters.push(paint);
  cxr.onKey("[", "findings", N_("lower the cut"), () => nudge(-KEY_STEP));
  cxr.onKey("]", "findings", N_("raise the cut"), () => nudge(KEY_STEP));
  cxr.onKey("p", "findings", N_("next preset of the cut"), () => nextPoint());

  return { build, isOwn, split };
})();
