/* What a reader takes away: which of it there is for the film in view, and the way from the server to a file. */
"use strict";

cxr.downloads = (() => {
  const { state, element, byId, setText } = cxr;
  const { t, lower } = cxr.words;
  const PICTURES = { overlay: "overlay.png", heat: "heat.png", side: "side-by-side.png", map: "map.npy" };
  const LISTS = ["csv", "json", "zip"];
  const KINDS = [...Object.keys(PICTURES), "report", ...LISTS];
  let said = { film: null, text: "" }; // what became of the last download, and where that is to be read
  let job = null; // the download under way: {abort}

  /* Why a download cannot be had, in words; "" when it can. */
  function why(kind) {
    const item = cxr.row();
    if (LISTS.includes(kind)) return state.films.length && state.facts ? "" : t("No film yet.");
    if (!item) return t("No film yet.");
    if (!item.film) return t("This film is not on the server.");
    const answer = cxr.answerOf(item);
    if (!answer) return t("This film is still being read.");
    if (answer.error) return t("This film could not be read.");
    if (kind === "report") return "";
    if (!cxr.readable(item, answer)) return t("This film cannot be judged: there are no figures to take away.");
    const label = cxr.label();
    if (kind !== "map" && answer.heat[label].flat) {
      return t("No localised evidence for {name}.", { name: lower(cxr.nameOf(label)) });
    }
    return "";
  }

  /* Where a download comes from, as the arguments of fetch. */
  function request(kind) {
    const item = cxr.row();
    const language = cxr.words.language();
    if (!(kind in PICTURES)) {
      const films = kind === "report" ? [item] : state.films;
      const body = JSON.stringify(cxr.exportBody.of(films));
      const path = `/exports.${kind === "report" ? "pdf" : kind}?lang=${language}`;
      return [cxr.url(path), { method: "POST", body, headers: { "Content-Type": "application/json" } }];
    }
    const { colourMap, opacity } = state.view;
    const label = cxr.label();
    const query = new URLSearchParams({
      colour_map: colourMap, opacity, threshold: cxr.threshold(label), lang: language,
      anyway: state.showRejected.has(cxr.key(state.facts.id, item.film)) ? "1" : "0",
    });
    if (cxr.prevalence.isOwn(label)) query.set("prevalence", cxr.prevalence.wanted(label));
    return [cxr.url(`/films/${item.film}/${state.facts.id}/${label}/${PICTURES[kind]}?${query}`), {}];
  }

  function say(text, film = null) {
    said = { film, text, shown: film === null ? state.selected : null };
    cxr.changed();
  }

  /* Fetched here, not by the browser on its own: a refusal would take the reader away from the list of films. */
  async function save(kind) {
    if (job) return;
    const film = LISTS.includes(kind) ? null : cxr.row().film;
    job = { abort: new AbortController() };
    const tell = (text) => say(text, film);
    tell(t("Preparing the file…"));
    try {
      const [url, options] = request(kind);
      const reply = await fetch(url, { cache: "no-store", signal: job.abort.signal, ...options });
      if (reply.ok) tell(t("Saved: {name}.", { name: await keep(reply, kind, tell) }));
      else tell(t("Not saved. {reason}", { reason: await refused(reply, film) }));
    } catch (error) {
      const stopped = error.name === "AbortError";
      tell(stopped ? t("Stopped; nothing was saved.") : t("Not saved: the server does not answer. Try again."));
    } finally {
      job = null;
      cxr.changed();
    }
  }

  async function refused(reply, film) {
    const { message, remedy } = await cxr.analysis.refusal(reply, film);
    return `${message} ${remedy}`.trim();
  }

  /* Into the reader's folder of downloads, under the name the server gave; returns that name. */
  async function keep(reply, kind, tell) {
    const name = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition"))[1];
    const blob = kind === "zip" ? await counted(reply, tell) : await reply.blob();
    const url = URL.createObjectURL(blob);
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    return name;
  }

  /* The ZIP names each film as it comes: that is the progress. */
  function counted(reply, tell) {
    const numbers = state.films.map((item) => item.number);
    const seen = cxr.exportBody.filmsIn((number) => {
      const n = numbers.indexOf(number) + 1;
      if (n) tell(t("Film {n} of {total}…", { n, total: numbers.length }));
    });
    const stream = reply.body.pipeThrough(
      new TransformStream({
        transform(chunk, out) {
          seen(chunk);
          out.enqueue(chunk);
        },
      }),
    );
    return new Response(stream, { headers: { "Content-Type": "application/zip" } }).blob();
  }

  function build() {
    for (const kind of KINDS) {
      byId(`download-${kind}`).addEventListener("click", () => {
        const reason = why(kind);
        cxr.downloadMenu.close();
        if (reason) say(reason);
        else save(kind);
      });
    }
    byId("download-cancel").addEventListener("click", () => job && job.abort.abort());
    cxr.downloadMenu.build();
  }

  function paintItem(kind) {
    const node = byId(`download-${kind}`);
    const reason = why(kind);
    node.setAttribute("aria-disabled", String(Boolean(reason)));
    const place = node.querySelector(".download-why");
    if (place) setText(place, reason);
    else node.title = reason;
  }

  function paint() {
    const bar = byId("downloads");
    if (!bar || !state.facts) return;
    const item = cxr.row();
    bar.hidden = state.lateModel || cxr.hidden(item);
    if (bar.hidden) cxr.downloadMenu.close(false);
    for (const kind of KINDS) paintItem(kind);
    byId("download-cancel").hidden = !job;
    const here = said.film === null ? said.shown === state.selected || job : item && said.film === item.film;
    setText(byId("download-note"), here ? said.text : "");
  }

  cxr.painters.push(paint);

  return { build };
})();
