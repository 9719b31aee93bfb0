/* Two panes side by side: a film and its heat, two findings, two models, or another film as a prior. */
"use strict";

cxr.compare = (() => {
  const { state, byId, element } = cxr;
  const { t, N_ } = cxr.words;
  const KINDS = [
    ["heat", N_("The film beside its heat")],
    ["finding", N_("Two findings")],
    ["model", N_("Two models")],
    ["film", N_("Another film, as a prior")],
  ];
  // what lies over the films and goes before the comparison does
  const ON_TOP = ".modal.show, dialog[open], #agreement:not([hidden]), #download-menu:not([hidden]), #legend:not([hidden]) #heat-options:not([hidden])";
  let controls = null;

  const kept = () => state.films.filter((item) => item.film && item.status === "kept");
  const models = () => [...byId("model").options].filter((one) => !one.disabled && one.value !== state.facts.id);

  const possible = {
    heat: () => true,
    finding: () => cxr.labels().length > 1,
    model: () => Boolean(state.facts) && models().length > 0,
    film: () => kept().length > 1,
  };

  /* What a pane shows of a film by the chosen model. */
  function paneOf(item, label = cxr.label()) {
    const answer = cxr.answerOf(item);
    return {
      item, label, answer: cxr.figuresShown(item, answer) ? answer : null, heat: state.view.heat,
      name: label ? cxr.nameOf(label) : "", cut: label ? cxr.threshold(label) : 1,
      model: state.facts ? t("{model}, version {version}", { model: chosenModel(), version: state.facts.version }) : "",
    };
  }

  const chosenModel = () => {
    const option = [...byId("model").options].find((one) => one.value === state.facts.id);
    return option ? option.text : state.facts.id;
  };

  /* One pane, two, or none while there is no film. */
  function panes() {
    const item = cxr.row();
    if (!item || !item.film) return [];
    const one = paneOf(item);
    if (!state.view.compare) return [one];
    const other = beside[state.view.compare.kind](item, one, state.view.compare);
    if (other) return [state.view.compare.kind === "heat" ? { ...one, heat: false } : one, other];
    leave();
    return [paneOf(item)];
  }

  const beside = {
    heat: (item, one) => one,
    finding(item, one, compare) {
      // another model may not have it
      const isThere = cxr.labels().some(({ key }) => key === compare.label);
      const label = isThere && compare.label !== one.label ? compare.label : nextFinding(one);
      if (label !== compare.label) cxr.look.compare({ label });
      return paneOf(item, label);
    },
    model: (item, one, compare) => cxr.otherModel.pane(item, one, compare, models()),
    film(item, one, compare) {
      const others = kept().filter((other) => other.id !== item.id);
      const isThere = kept().some((other) => other.id === compare.film);
      // a film taken for a prior is remembered while it is itself in view; where it is gone no other takes its place
      if (!others.length || (compare.film && !isThere)) return null;
      const prior = others.find((other) => other.id === compare.film) || others[0];
      if (!compare.film) cxr.look.compare({ film: prior.id });
      return { ...paneOf(prior, one.label), prior: true };
    },
  };

  /* The finding nearest to the first one that has heat to show, else any other. */
  function nextFinding(one) {
    const others = (one.answer ? cxr.ranked(one.answer) : cxr.labels()).filter((label) => label.key !== one.label);
    const found = one.answer && others.find((label) => one.answer.heat[label.key] && !one.answer.heat[label.key].flat);
    return (found || others[0]).key;
  }

  function enter(kind) {
    if (!possible[kind]()) return;
    const heatBefore = state.view.compare ? state.view.compare.heatBefore : state.view.heat;
    closeMenu();
    if (state.view.compare) cxr.view.link(true);
    cxr.look.set({ compare: Object.freeze({ kind, heatBefore }), heat: kind !== "film" || state.view.heat });
    cxr.changed();
  }

  function leave() {
    if (!state.view.compare) return;
    cxr.view.link(true);
    const { kind, heatBefore } = state.view.compare;
    cxr.look.set({ compare: null, heat: kind === "film" ? state.view.heat : heatBefore });
    focusFrom(controls.link.closest(".pane-head"));
    cxr.changed();
  }

  /* ---- the menu */
  const opener = () => byId("toolbar").querySelector("[data-action=compare]");

  /* What goes leaves the keyboard where it came from. */
  function focusFrom(node) {
    if (node.contains(document.activeElement)) opener().focus({ preventScroll: true });
  }

  function closeMenu() {
    focusFrom(byId("compare-menu"));
    byId("compare-menu").hidden = true;
    opener().setAttribute("aria-expanded", "false");
  }

  /* The arrows belong to the menu while it is open, not to the list of films. */
  function arrow(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...byId("compare-menu").querySelectorAll("button:enabled")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  }

  function toggle() {
    if (state.view.compare) return leave();
    const menu = byId("compare-menu");
    if (!menu.hidden) return closeMenu();
    cxr.grey.close();
    menu.replaceChildren(
      ...KINDS.map(([kind, text]) =>
        element("button", {
          class: "tool", type: "button", text: t(text), "data-compare": kind, disabled: !possible[kind](), onclick: () => enter(kind),
        }),
      ),
    );
    menu.hidden = false;
    opener().setAttribute("aria-expanded", "true");
    return menu.querySelector("button:enabled").focus();
  }

  /* ---- what stands over the panes */
  function build(head) {
    const select = (role, name) =>
      element("select", { class: "compare-select", "data-role": role, "aria-label": name, onchange: (event) => choose(role, event.target.value) });
    const link = element("button", { class: "tool", type: "button", text: t("Linked"), title: t("Zoom, move and window both films together"), onclick: toggleLink });
    const end = element("button", { class: "tool", type: "button", text: t("Close"), onclick: leave });
    controls = { what: select("what", t("Beside it")), label: select("label", t("Finding")), link };
    head.append(element("div", { class: "pane-controls" }, [controls.what, controls.label, link, end]));
    // one thing at a time: asked before any of them closes
    const under = () => cxr.grey.open() || document.querySelector(ON_TOP) !== null;
    const close = () => (byId("compare-menu").hidden ? under() || leave() : closeMenu());
    document.addEventListener("cxr-close", close, { capture: true });
    byId("compare-menu").addEventListener("keydown", arrow);
    document.addEventListener("click", (event) => {
      if (!event.target.closest("#compare-menu, [data-action=compare]")) closeMenu();
    });
  }

  function toggleLink() {
    cxr.view.link(!cxr.view.linked());
  }

  function choose(role, value) {
    const { kind } = state.view.compare;
    if (role === "label") cxr.look.compare({ otherLabel: value });
    else if (kind === "finding") cxr.look.compare({ label: value });
    else if (kind === "model") cxr.look.compare({ model: value, otherLabel: null });
    else cxr.look.compare({ film: Number.isNaN(Number(value)) ? value : kept().find((item) => String(item.id) === value).id });
    cxr.changed();
  }

  function options(one, other) {
    const { kind, label, model } = state.view.compare;
    if (kind === "finding") {
      return [cxr.labels().filter((item) => item.key !== one.label).map((item) => [item.key, item.name]), label];
    }
    if (kind === "model") return [models().map((option) => [option.value, option.text]), model];
    if (kind === "film") {
      const others = kept().filter((item) => item.id !== one.item.id);
      return [others.map((item) => [String(item.id), cxr.words.film(item)]), String(other.item.id)];
    }
    return [[], ""];
  }

  function fill(select, choices, chosen) {
    const known = JSON.stringify(choices);
    if (select.dataset.known !== known) {
      select.dataset.known = known;
      select.replaceChildren(...choices.map(([value, text]) => element("option", { value, text })));
    }
    select.hidden = choices.length === 0;
    select.value = chosen;
  }

  function caption({ caption: node, pane }) {
    const film = cxr.words.film(pane.item);
    const title = pane.prior ? t("{film}, prior", { film }) : film;
    const lines = [["pane-title", title], ["pane-finding", cxr.otherModel.sentence(pane)], ["pane-model", pane.model]];
    const known = JSON.stringify(lines);
    if (node.dataset.known === known) return;
    node.dataset.known = known;
    node.replaceChildren(...lines.map(([name, text]) => element("div", { class: name, text })));
  }

  function paint() {
    if (!controls) return;
    const sheets = cxr.stage.sheets();
    const { compare } = state.view;
    for (const sheet of sheets) {
      sheet.head.hidden = !compare;
      sheet.node.classList.toggle("active", Boolean(compare) && !cxr.view.linked() && cxr.view.activeSheet() === sheet);
      if (compare && sheet.pane) caption(sheet);
    }
    if (!compare || !sheets[1].pane) return;
    fill(controls.what, ...options(sheets[0].pane, sheets[1].pane));
    fill(controls.label, ...cxr.otherModel.labels(sheets[1].pane, sheets[0].pane, compare));
    controls.link.setAttribute("aria-pressed", String(cxr.view.linked()));
    controls.link.hidden = false;
  }

  cxr.actions.add("compare", toggle);
  cxr.onKey("b", "film", N_("compare side by side, and back"), () => cxr.actions.act("compare"));

  return { build, panes, paint };
})();
