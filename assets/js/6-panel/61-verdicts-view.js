/* Two small switches in each row, accept and reject, and a line that says how far the reader has come. */
import { around, byId, ifThere, inside, painters, present, setText, state } from "../0-core/00-core.js";
import { lower, plural, t } from "../0-core/10-words.js";
import { rowInView } from "../0-core/13-films.js";
import { answerOf } from "../0-core/15-answers.js";
import { labelInView, rank } from "../0-core/22-ranked.js";
import * as verdicts from "../4-reading/44-verdicts.js";

/** @param {HTMLElement} panel */
function build(panel) {
  inside(panel, "#findings").addEventListener("click", (event) => {
    const button = around(event, "[data-verdict]");
    const row = button && button.closest(".finding-row");
    if (row) verdicts.judge(labelOf(row), /** @type {Verdict} */ (button.dataset.verdict));
  });
}

/** @param {HTMLElement} row */
const labelOf = (row) => present(inside(row, "[data-label]").dataset.label, "label of this row");

/** @type {(row: HTMLElement, item: Row | null, finding: Finding | undefined, chosen: boolean) => void} */
function paintRow(row, item, finding, chosen) {
  const verdict = item && finding ? verdicts.word(item, finding) : null;
  if (verdict) row.dataset.judged = verdict;
  else delete row.dataset.judged;
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (row.querySelectorAll("[data-verdict]"))) {
    const accepts = button.dataset.verdict === "accepted";
    const on = accepts ? verdict === "accepted" || verdict === "added" : verdict === "rejected";
    button.disabled = !finding;
    button.tabIndex = chosen ? 0 : -1; // with its row: one row's switches are on the keyboard's way
    button.setAttribute("aria-pressed", String(on));
    button.title = finding ? help(finding, accepts) : "";
  }
}

/** @type {(finding: Finding, accepts: boolean) => string} */
function help(finding, accepts) {
  const name = lower(finding.name);
  if (!accepts) return t("Reject {name} (,)", { name });
  return finding.above ? t("Accept {name} (.)", { name }) : t("Add {name}, which lies below its threshold (.)", { name });
}

/** "1 accepted · 1 added · 2 to judge"
 * @param {ReturnType<typeof verdicts.counts>} counts
 */
function inWords({ accepted, added, rejected, open }) {
  const parts = [
    accepted && plural("{n} accepted", "{n} accepted", accepted),
    added && plural("{n} added", "{n} added", added),
    rejected && plural("{n} rejected", "{n} rejected", rejected),
    open && plural("{n} not judged", "{n} not judged", open),
  ].filter(Boolean);
  return parts.length ? parts.join(" · ") : t("Nothing judged.");
}

function paint() {
  const list = ifThere("findings");
  if (!list || !state.facts || list.closest(".panel-body")?.dataset.model !== state.facts.id) return;
  const item = rowInView();
  const shown = verdicts.open(item);
  const answer = answerOf(item);
  const ranked = shown && answer && !answer.error ? rank(answer) : [];
  for (const row of list.querySelectorAll(".finding-row")) {
    const label = labelOf(row);
    paintRow(row, item, ranked.find((one) => one.key === label), label === labelInView());
  }
  present(byId("judged").parentElement, "line of verdicts").hidden = !shown;
  if (shown) setText(byId("judged"), inWords(verdicts.counts(item, ranked)));
}

painters.push(paint);

export { build };
