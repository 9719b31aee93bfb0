/* What Dash calls: the functions named by ClientsideFunction in cxr_dash/ui/callbacks.py. */
import { allBuilt, begin, byId, changed, state, whenPresent } from "../0-core/00-core.js";
import * as language from "../0-core/11-language.js";
import { modelFacts, takeModel } from "../0-core/12-model.js";
import { settleCuts } from "../0-core/14-cuts.js";
import * as analysis from "../3-list/30-analysis.js";
import * as session from "../3-list/32-session.js";
import * as dropping from "../3-list/34-dropping.js";
import * as address from "../3-list/35-address.js";
import * as fold from "../3-list/39-fold.js";
import * as rowLabel from "../3-list/39-row-label.js";
import * as heat from "../5-film/54-heat.js";
import * as viewer from "../5-film/59-viewer.js";
import * as choices from "../6-panel/60-choices.js";
import * as findings from "../6-panel/60-findings.js";
import * as thresholdPanel from "../6-panel/61-threshold-panel.js";
import * as verdictsView from "../6-panel/61-verdicts-view.js";
import * as cutDrawer from "../6-panel/62-cut-drawer.js";
import * as downloads from "../6-panel/63-downloads.js";
import * as roc from "../6-panel/64-roc.js";
import * as modelPage from "../7-model-page/67-model-page.js";
import * as keys from "./70-keys.js";

let built = /** @type {HTMLElement | null} */ (null); // the panel that the parts have taken up

/** Once, when the page is there.
 * @param {Settings} settings
 */
function start(settings) {
  if (state.settings) return;
  begin(settings);
  heat.readTables(settings.colour_maps);
  whenPresent("#stage", (stage) => {
    viewer.build(stage);
    dropping.start();
    keys.start();
    fold.start();
    rowLabel.start();
    cutDrawer.start();
    language.start();
    analysis.start();
    session.start();
    address.start();
    // who leaves a model and comes back before the other was there gets a new panel of the same model
    new MutationObserver(() => state.facts && buildPanel(document.querySelector(".panel-body"))).observe(byId("panel"), { childList: true });
    allBuilt();
  });
}

/** A model was chosen, and its panel is on the page or about to be.
 * @param {Facts | null} data
 */
function facts(data) {
  if (!data) return;
  whenPresent(`.panel-body[data-model="${data.id}"]`, (panel) => {
    takeModel(data, session.awaits(data.id));
    choices.recall(data);
    settleCuts();
    buildPanel(panel);
    analysis.next();
    changed();
  });
}

/** Once for each panel of the model in force.
 * @param {HTMLElement | null} panel
 */
function buildPanel(panel) {
  if (!panel || panel === built || panel.dataset.model !== modelFacts().id) return;
  built = panel;
  for (const build of [findings.build, verdictsView.build, thresholdPanel.build, roc.build, downloads.build]) build(panel);
  changed();
}

/** @param {Answer | null} answer */
const answered = (answer) => analysis.answered(answer);

/* The page about the model. */
/** @type {typeof modelPage.asked} */
const page_asked = (hash, model, label, drawn) => modelPage.asked(hash, model, label, drawn);
/** @param {unknown} open */
const page_opened = (open) => modelPage.opened(Boolean(open));
/** @type {typeof modelPage.arrived} */
const section_arrived = (shown) => modelPage.arrived(shown);
/** @type {typeof modelPage.moved} */
const threshold_moved = (place, shown) => modelPage.moved(place, shown);
/** @type {typeof modelPage.counted} */
const films_counted = (answer) => modelPage.counted(answer);
/** @type {(clicks: number, label: string) => number} */
const threshold_back = (_clicks, label) => modelPage.usual(label);

window.dash_clientside = window.dash_clientside || /** @type {any} */ ({});
window.dash_clientside.cxr = {
  start, facts, answered, page_asked, page_opened, section_arrived, threshold_moved, films_counted, threshold_back,
};
