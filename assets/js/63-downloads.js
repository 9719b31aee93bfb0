/* Links to the PNGs at the film's own size, with what is on the screen: colours, opacity, cut. */
"use strict";

cxr.downloads = (() => {
  const { state, byId, setText } = cxr;

  function link(node, href) {
    if (href) node.setAttribute("href", href);
    else node.removeAttribute("href");
    node.setAttribute("aria-disabled", String(!href));
  }

  function paint(label, threshold) {
    const item = cxr.row();
    const answer = cxr.answerOf(item);
    const map = cxr.figuresShown(item, answer) ? answer.heat[label] : null;
    const usable = Boolean(map && !map.flat);
    const { colourMap, opacity } = state.view;
    const query = new URLSearchParams({ colour_map: colourMap, opacity, threshold: threshold.toFixed(6) });
    const base = usable ? cxr.url(`/films/${item.film}/${answer.model}/${label}`) : "";
    link(byId("download-heat"), usable && `${base}/heat.png?${query}`);
    link(byId("download-overlay"), usable && `${base}/overlay.png?${query}`);
    const name = cxr.words.lower(cxr.nameOf(label));
    const hint = `Evidence for ${name}, at the film's own size, with model, cut and time written into the file`;
    for (const id of ["download-heat", "download-overlay"]) byId(id).title = usable ? hint : "";
    setText(byId("download-note"), map && map.flat ? `No localised evidence for ${name} to download.` : "");
  }

  return { paint };
})();
