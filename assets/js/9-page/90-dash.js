/* What Dash calls: the functions named by ClientsideFunction in cxr_dash/ui/callbacks.py. */
"use strict";

window.dash_clientside = window.dash_clientside || {};

window.dash_clientside.cxr = (() => {
  const { state } = cxr;
  let announced = null;

  /* Once, when the page is there. */
  function start(settings) {
    if (state.settings) return;
    cxr.begin(settings);
    cxr.heat.readTables(settings.colour_maps);
    cxr.whenPresent("#stage", (stage) => {
      cxr.viewer.build(stage);
      cxr.dropping.start();
      cxr.keys.start();
      cxr.language.start();
      cxr.analysis.start();
      cxr.session.start();
      cxr.allBuilt();
    });
  }

  /* A model was chosen, and its panel is on the page or about to be. */
  function facts(data) {
    if (!data || (state.facts && state.facts.id === data.id)) return;
    cxr.whenPresent(`.panel-body[data-model="${data.id}"]`, (panel) => {
      cxr.takeModel(data, cxr.session.awaits(data.id));
      cxr.choices.recall(data);
      cxr.settleCuts();
      cxr.findings.build(panel);
      cxr.cut.build(panel);
      cxr.roc.build(panel);
      cxr.downloads.build(panel);
      cxr.analysis.next();
      cxr.changed();
    });
  }

  const answered = (answer) => cxr.analysis.answered(answer);

  /* The page about the model was opened or closed. */
  const page_opened = (open) => cxr.modelPage.opened(Boolean(open));

  /* Dash asks for the model card of the label in view. */
  cxr.painters.push(() => {
    const label = cxr.label();
    if (label === announced) return;
    announced = label;
    cxr.store("label", label);
  });

  return { start, facts, answered, page_opened };
})();
