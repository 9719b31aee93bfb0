/* Where to cut: chips, slider, prevalence, and what follows from them. All of it without a request. */
"use strict";

cxr.cut = (() => {
  const { state, element, byId, setText } = cxr;
  const { percent, interval, lower } = cxr.words;
  const STEPS = 1000; // of the slider, on the angular scale
  let nodes = null;

  function build(panel) {
    const slider = element("input", {
      type: "range", min: "1", max: String(STEPS - 1), step: "1", id: "cut-range", "aria-label": "Cut",
    });
    slider.addEventListener("input", () => {
      cxr.setThresholds({ [cxr.label()]: cxr.statistics.unscale(Number(slider.value) / STEPS) });
    });
    panel.querySelector("#cut-slider").append(slider);
    const prevalence = element("input", {
      type: "number", min: "0.1", max: "99", step: "any", id: "prevalence-input", inputmode: "decimal",
    });
    prevalence.addEventListener("input", () => setPrevalence(prevalence));
    const known = element("button", { class: "link", type: "button", onclick: () => forgetPrevalence() });
    panel.querySelector("#prevalence").append(
      element("label", { for: "prevalence-input", text: "How common is it here?" }),
      element("span", { class: "unit" }, [prevalence, element("span", { text: "%" })]),
      known,
    );
    const all = element("button", {
      class: "link", type: "button", id: "cut-all", text: "Use for all findings",
      title: "Set every finding's cut by this operating point",
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
    nodes = { panel, slider, prevalence, known, all, dots, measured };
    new ResizeObserver(() => cxr.changed()).observe(panel.querySelector("#dots"));
  }

  function buildMeasured(node) {
    const text = element("span");
    const select = element("select", { "aria-label": "Measured on" });
    select.addEventListener("change", () => {
      state.splits[state.facts.id] = Number(select.value);
      cxr.changed();
    });
    state.facts.held_out.forEach((held, index) => {
      select.append(element("option", { value: String(index), text: held.split }));
    });
    select.hidden = state.facts.held_out.length < 2;
    node.append(element("span", { text: "Measured on" }), select, text);
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
    cxr.changed();
  }

  function forgetPrevalence() {
    delete state.prevalences[prevalenceKey(cxr.label())];
    cxr.changed();
  }

  /* A threshold of 0 or 1 says that the films could not give this operating point. */
  const attainable = (threshold) => threshold > 0 && threshold < 1;

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
      setText(chip, chip.disabled ? `${item.name}: not attainable` : item.name);
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
      setText(sentence, "Too few held-out films to say what follows from this cut.");
      cxr.dots.draw(nodes.dots, null);
      return;
    }
    const part = (name, text) => element("b", { class: name, text });
    sentence.replaceChildren(
      "Of 1,000 patients like these: ",
      part("found", `${counts.found} found`), ", ",
      part("missed", `${counts.missed} missed`), ", ",
      part("alarms", `${counts.alarms} false alarms`), ", ",
      part("cleared", `${counts.cleared} rightly cleared`), ".",
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
    setText(byId("cut-title"), `${name} · where to cut`);
    setText(byId("cut-value"), percent(threshold));
    const position = Math.round(cxr.statistics.scale(threshold) * STEPS);
    if (Number(nodes.slider.value) !== position) nodes.slider.value = String(position);
    nodes.slider.style.setProperty("--share", cxr.statistics.scale(threshold));
    nodes.slider.setAttribute("aria-label", `Cut for ${name}`);
    nodes.slider.setAttribute("aria-valuetext", percent(threshold));
    paintChips(label);
    paintConsequences(label, threshold);
    cxr.downloads.paint(label, threshold);
  }

  function paintConsequences(label, threshold) {
    const held = split(label);
    const prevalence = prevalenceOf(label);
    const [positives, negatives] = [held.positives[label], held.negatives[label]];
    const figures = cxr.statistics.consequences(positives, negatives, threshold, prevalence);
    paintFigure("sensitivity", "sensitivity", figures.sensitivity);
    paintFigure("specificity", "specificity", figures.specificity);
    paintFigure("ppv", `PPV at ${percent(prevalence)}`, figures.ppv);
    paintFigure("npv", `NPV at ${percent(prevalence)}`, figures.npv);
    paintThousand(figures.perThousand, prevalence);
    const shown = (100 * prevalence).toFixed(prevalence < 0.1 ? 1 : 0);
    if (document.activeElement !== nodes.prevalence) nodes.prevalence.value = shown;
    const own = prevalenceKey(label) in state.prevalences;
    nodes.known.hidden = !own;
    setText(nodes.known, `as in ${state.facts.held_out[0].split} films: ${percent(heldOutPrevalence(label))}`);
    nodes.measured.select.value = String(splitIndex(label));
    const total = positives.length + negatives.length;
    const where = state.facts.held_out.length < 2 ? `${held.split}: ` : "";
    setText(
      nodes.measured.text,
      `${where}${total} films, ${positives.length} with ${lower(cxr.nameOf(label))}; figures with 95 % intervals.`,
    );
    nodes.measured.text.title = held.description;
  }

  cxr.painters.push(paint);

  return { build };
})();
