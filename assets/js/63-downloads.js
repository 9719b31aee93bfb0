/* Links to the PNGs at the film's own size, with what is on the screen: colours, opacity, cut. */
"use strict";

cxr.downloads = (() => {
  const { state, element, byId, setText } = cxr;
  let said = { film: null, text: "" }; // what became of the last download

  function link(node, href) {
    if (href) node.setAttribute("href", href);
    else node.removeAttribute("href");
    node.setAttribute("aria-disabled", String(!href));
  }

  /* Fetched here, not by the browser on its own: a refusal would take the reader away from the list of films. */
  async function save(href) {
    const item = cxr.row();
    const tell = (text) => {
      said = { film: item.film, text };
      cxr.changed();
    };
    tell("Preparing the PNG…");
    try {
      const reply = await fetch(href, { cache: "no-store" });
      if (!reply.ok) {
        const { message, remedy } = await cxr.analysis.refusal(reply, item.film);
        tell(`Not saved. ${message} ${remedy}`);
        return;
      }
      const name = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition"));
      const url = URL.createObjectURL(await reply.blob());
      element("a", { href: url, download: name ? name[1] : "cxr.png" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
      tell("");
    } catch {
      tell("Not saved: the server does not answer. Try again.");
    }
  }

  function build(panel) {
    panel.querySelector(".downloads").addEventListener("click", (event) => {
      const chosen = event.target.closest("a");
      if (!chosen) return;
      event.preventDefault();
      if (chosen.hasAttribute("href")) save(chosen.getAttribute("href"));
    });
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
    const flat = map && map.flat ? `No localised evidence for ${name} to download.` : "";
    setText(byId("download-note"), flat || (item && said.film === item.film ? said.text : ""));
  }

  return { build, paint };
})();
