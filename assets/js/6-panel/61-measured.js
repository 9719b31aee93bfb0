/* Beside the cut: how common its finding is here, and which held-out films it is counted on. */
"use strict";

cxr.measured = (() => {
  const { state, element, setText } = cxr;
  const { lower, percent, plural, t } = cxr.words;
  const { prevalence, split, splitIndex, splitName } = cxr.heldOut;
  let nodes = null;


  function setPrevalence(input) {
    const share = Number(input.value) / 100;
    if (!input.value || !(share > 0) || share >= 1) return;
    cxr.prevalence.set(cxr.label(), share);
    cxr.choices.keep();
    cxr.changed();
  }

  function forgetPrevalence() {
    cxr.prevalence.forget(cxr.label());
    cxr.choices.keep();
    cxr.changed();
  }

  function build(panel) {
    const input = element("input", {
      type: "number", min: "0.1", max: "99", step: "any", id: "prevalence-input", inputmode: "decimal",
    });
    input.addEventListener("input", () => setPrevalence(input));
    const known = element("button", { class: "link", type: "button", onclick: () => forgetPrevalence() });
    const stated = element("p", { class: "prevalence-stated", id: "prevalence-stated" });
    panel.querySelector("#prevalence").append(
      element("label", { for: "prevalence-input", text: t("How common is it here?") }),
      element("span", { class: "unit" }, [input, element("span", { text: "%" })]),
      known,
      stated,
    );
    nodes = { input, known, stated, measured: buildMeasured(panel.querySelector("#measured-on")) };
  }

  function buildMeasured(node) {
    const text = element("span");
    const select = element("select", { "aria-label": t("Measured on") });
    select.addEventListener("change", () => {
      cxr.heldOut.choose(Number(select.value));
      cxr.choices.keep();
      cxr.changed();
    });
    state.facts.held_out.forEach((held, index) => {
      select.append(element("option", { value: String(index), text: splitName(held.split) }));
    });
    const choice = element("span", {}, [element("span", { text: t("Measured on") }), select]);
    choice.hidden = state.facts.held_out.length < 2;
    node.append(choice, text);
    return { text, select };
  }

  function paint(label) {
    paintPrevalence(label);
    const held = split(label);
    const [count, total] = [held.positives[label].length, held.positives[label].length + held.negatives[label].length];
    const values = { total, name: lower(cxr.nameOf(label)), split: splitName(held.split) };
    nodes.measured.select.value = String(splitIndex(label));
    setText(nodes.measured.text, measuredInWords(count, values));
    nodes.measured.text.title = held.description;
  }

  function paintPrevalence(label) {
    const share = prevalence(label);
    if (document.activeElement !== nodes.input) nodes.input.value = (100 * share).toFixed(share < 0.1 ? 1 : 0);
    const moved = cxr.prevalence.isOwn(label);
    nodes.known.hidden = !moved;
    const known = { split: splitName(state.facts.held_out[0].split), share: percent(cxr.prevalence.stated(label)) };
    setText(nodes.known, state.facts.calibrated_at
      ? t("as the model states it: {share}", known)
      : t("as in the held-out films ({split}): {share}", known));
    setText(nodes.stated, moved
      ? t("Probability and cut of {name} are stated at this prevalence.", { name: lower(cxr.nameOf(label)) })
      : state.facts.calibrated_at
        ? t("Probabilities are stated at the prevalence in {films}.", { films: state.facts.calibrated_at })
        : "");
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

  return { build, paint };
})();
