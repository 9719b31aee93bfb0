/* Dash begins when the parts of the page are there: what its callbacks call (9-page/90-dash.js) is then never missing, and
 * its first request has its limit (16-requests.js). The one script that is no module, because Dash loads it; where a part
 * cannot be had, Dash begins without them, and the page says so. */
"use strict";

window.beginPage = (() => {
  const entry = document.querySelector('link[rel="modulepreload"][href$="/page.js"]');
  const note = document.getElementById("parts-note");
  const failed = note?.textContent;
  const say = (words = "") => {
    if (!note) return;
    note.textContent = words;
    note.hidden = !words;
  };
  const late = setTimeout(() => say(note?.dataset.late), 5000); // as for any request
  const come = entry ? import(/** @type {HTMLLinkElement} */ (entry).href) : Promise.resolve();
  const parts = come.then(() => say(), (error) => {
    console.error(error);
    say(failed);
  }).finally(() => clearTimeout(late));
  return (begin) => parts.then(begin);
})();
