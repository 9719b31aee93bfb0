/* What the model's answer comes to, in words: one sentence for the film, where its heat is, how sure a score is. */
"use strict";

cxr.conclusion = (() => {
  const { state } = cxr;
  const { interval, list, lower, percent, plural, t, N_ } = cxr.words;

  /* {headline, summary, tone} of a film: tone is idle, busy, error, reject, shown, above or clear; `placed` where it
   * says on which side the heat is. */
  function words(item, answer) {
    if (state.lateModel && !state.serverLost) {
      return { headline: t("Fetching the model…"), summary: t("The server has not sent it yet."), tone: "busy" };
    }
    if (!item) {
      return { headline: t("No film yet."), summary: t("Each finding will stand here against its own cut."), tone: "idle" };
    }
    if (item.status === "failed") {
      const summary = [item.message, item.remedy].filter(Boolean).join(" ");
      return { headline: t("This film could not be opened."), summary, tone: "error" };
    }
    if (!answer) return waiting();
    if (answer.error) return problem(answer.error);
    if (!cxr.figuresShown(item, answer)) {
      return {
        headline: t("Cannot judge this film."),
        summary: t("Its figures are left out: they would mean nothing here."),
        tone: "reject",
      };
    }
    return judged(item, answer);
  }

  function waiting() {
    if (!state.serverLost) return { headline: t("Reading…"), summary: "", tone: "busy" };
    const summary = t("Your list is kept. The page goes on as soon as the server is back.");
    return { headline: t("The server does not answer."), summary, tone: "error" };
  }

  function problem(error) {
    if (error.code === "case_not_found") {
      const summary = t("Its time on the server ran out. Try again sends it anew.");
      return { headline: t("This film is no longer kept."), summary, tone: "error" };
    }
    return { headline: t("This film could not be read."), summary: `${error.message} ${error.remedy}`, tone: "error" };
  }

  function judged(item, answer) {
    const ranked = cxr.ranked(answer);
    const worrying = ranked.filter((one) => one.above && !one.reassuring);
    const said = worrying.length ? worthALook(answer, ranked, worrying) : nothingAbove(ranked);
    if (answer.quality.verdict === "reject" && !item.phantom) return shownAnyway(worrying.length, ranked.length);
    return { ...said, summary: [...said.summary, ...ownCuts(), ...good(answer)].join(" ") };
  }

  /* Asking for the figures makes the picture no chest film: no finding is announced. */
  function shownAnyway(above, total) {
    return {
      headline: t("Cannot judge this film; its figures are shown anyway."),
      summary: [t("They mean nothing where the picture is none of those the model was made for."), howMany(above, total)].join(" "),
      tone: "shown",
    };
  }

  function worthALook(answer, ranked, worrying) {
    // a label that only sums up the others is named when it stands alone
    const specific = worrying.filter((item) => !item.summary);
    const named = specific.length ? specific : worrying;
    const names = named.map((item) => lower(item.name));
    const place = placeOf(answer, named[0].key);
    const count = howMany(worrying.length, ranked.length);
    if (place && named.length === 1) {
      const headline = t("Worth a look: {name}, heat at {place}.", { name: names[0], place });
      return { headline, summary: [count], tone: "above", placed: true };
    }
    const where = place ? [t("The heat for {name} is strongest at {place}.", { name: names[0], place })] : [];
    return { headline: t("Worth a look: {names}.", { names: list(names) }), summary: [count, ...where], tone: "above", placed: Boolean(place) };
  }

  function howMany(above, total) {
    return state.facts.exclusive
      ? plural("{n} of {total} classes lies above its cut.", "{n} of {total} classes lie above their cuts.", above, { total })
      : plural("{n} of {total} findings lies above its cut.", "{n} of {total} findings lie above their cuts.", above, { total });
  }

  function nothingAbove(ranked) {
    const [reassuring] = ranked.filter((item) => item.above);
    const headline = reassuring
      ? t("Only {name} is above its cut.", { name: lower(reassuring.name) })
      : t("Nothing above its cut.");
    const [closest] = ranked.filter((item) => !item.reassuring).sort((a, b) => b.margin - a.margin);
    if (!closest) return { headline, summary: [], tone: "clear" };
    const said = t("Closest: {name}, {probability} against a cut of {cut}.", {
      name: lower(closest.name), probability: percent(closest.probability), cut: percent(closest.cut),
    });
    // neither a "normal" nor silence is a finding of health
    const caveat = reassuring ? t("That does not rule out disease.") : t("That does not make the film normal.");
    return { headline, summary: [said, caveat], tone: "clear" };
  }

  function ownCuts() {
    const own = cxr.labels().filter((label) => cxr.isOwnCut(label.key)).length;
    return own ? [plural("{n} cut is your own.", "{n} cuts are your own.", own)] : [];
  }

  const good = (answer) => (answer.quality.verdict === "ok" ? [t("Film quality good.")] : []);

  // ---- where the heat is. The picture's sides, never the patient's: nobody knows how the film was laid down
  const PLACES = [
    [N_("picture left, upper third"), N_("picture middle, upper third"), N_("picture right, upper third")],
    [N_("picture left, middle third"), N_("picture middle, middle third"), N_("picture right, middle third")],
    [N_("picture left, lower third"), N_("picture middle, lower third"), N_("picture right, lower third")],
  ];
  const BOTH = [
    N_("both sides of the picture, upper third"),
    N_("both sides of the picture, middle third"),
    N_("both sides of the picture, lower third"),
  ];
  const MIDDLE = 0.06; // of the picture's width, to either side of its middle
  const columnOf = ([x]) => (x < 0.5 - MIDDLE ? 0 : x > 0.5 + MIDDLE ? 2 : 1);
  const thirdOf = ([, y]) => Math.min(2, Math.floor(y * 3));

  /* A place on a film as the picture now lies: the reader may have flipped and turned it. */
  function asShown(film, [x, y]) {
    const sheets = cxr.stage.sheets();
    const sheet = sheets.find((one) => one.pane && one.pane.item.film === film);
    if (!sheet) return [x, y];
    const { turn, flip } = cxr.view.wayOf(sheet);
    const across = flip ? 1 - x : x; // mirrored in its own frame, then turned clockwise
    return { 0: [across, y], 90: [1 - y, across], 180: [1 - across, 1 - y], 270: [y, 1 - across] }[turn];
  }

  /* Where a label's heat is strongest, as the picture now lies; null where heat says nothing or is not to be relied on. */
  function placeOf(answer, label) {
    const heat = answer.heat[label];
    const verdict = (answer.trust_verdict || {})[label];
    if (!heat || heat.flat || !heat.at || ["poor", "caution"].includes(verdict) || answer.quality.verdict === "reject") return null;
    const [peak, other] = heat.at.map((place) => asShown(answer.film, place));
    if (!peak) return null;
    if (!other || Math.abs(columnOf(peak) - columnOf(other)) !== 2) return t(PLACES[thirdOf(peak)][columnOf(peak)]);
    return thirdOf(peak) === thirdOf(other) ? t(BOTH[thirdOf(peak)]) : t("both sides of the picture");
  }

  const SIDES = N_(
    "Left and right are those of the picture. In the usual view the patient's left is on its right; a film may have been turned over.",
  );

  const SAME_PREVALENCE = 0.02; // of the prevalence itself: less is no other one

  // ---- how sure: what became of held-out films with a score like this
  const known = new WeakMap(); // answer -> split and label -> neighbours; no cut changes them

  function nearest(answer, label) {
    const held = cxr.heldOut.split(label);
    if (!known.has(answer)) known.set(answer, new Map());
    const key = `${held.split}/${label}`;
    const found = known.get(answer);
    if (!found.has(key)) {
      const probability = answer.probabilities[label];
      found.set(key, cxr.statistics.nearest(held.positives[label], held.negatives[label], probability));
    }
    return found.get(key);
  }

  /* {near, sentence} for one label of an answer; near is null where there are too few films to say. */
  function sure(answer, label) {
    if (answer.quality.verdict === "reject") {
      return { near: null, sentence: t("How sure this is cannot be said: no held-out film was like this picture.") };
    }
    const found = nearest(answer, label);
    const split = cxr.heldOut.splitName(cxr.heldOut.split(label).split);
    if (!found) {
      return { near: null, sentence: t("Too few held-out films ({split}) to say how often a score like this was right.", { split }) };
    }
    const stated = (score) => cxr.prevalence.cut(label, score);
    if (found.beyond) {
      const edge = percent(stated(found.edge));
      return {
        near: null,
        sentence: found.beyond === "above"
          ? t("This score lies above every held-out film measured ({split}); the highest is {edge}.", { split, edge })
          : t("This score lies below every held-out film measured ({split}); the lowest is {edge}.", { split, edge }),
      };
    }
    const near = carried(found, label);
    return { near, sentence: agrees(near, answer, label) ? counted(near, label, split) : otherwise(near, answer, label, split) };
  }

  /* The share that had it, carried from the prevalence of those films to the one in force. */
  function carried(found, label) {
    const held = cxr.heldOut.split(label);
    const [withIt, without] = [held.positives[label].length, held.negatives[label].length];
    const [before, after] = [withIt / (withIt + without), cxr.prevalence.wanted(label)];
    const move = (share) => (withIt && without ? cxr.prevalence.shift(share, before, after) : share);
    return {
      ...found, share: move(found.share), interval: found.interval.map(move),
      span: found.span.map((score) => cxr.prevalence.cut(label, score)),
      other: Math.abs(after - before) > SAME_PREVALENCE * before, prevalence: after,
    };
  }

  /* Whether the films bear the score out: what is stated lies in the interval of what was so. */
  function agrees(near, answer, label) {
    const { probability } = cxr.prevalence.shown(answer, label);
    return near.interval[0] <= probability && probability <= near.interval[1];
  }

  /* The films do not bear it out, and the line says so instead of giving two figures without a word. */
  function otherwise(near, answer, label, split) {
    const { probability } = cxr.prevalence.shown(answer, label);
    const values = { split, stated: percent(probability), share: percent(near.share), interval: interval(near.interval) };
    return near.share < probability
      ? t("Held-out films ({split}) with scores like this had it less often than the {stated} stated: {share} (95 %: {interval}).", values)
      : t("Held-out films ({split}) with scores like this had it more often than the {stated} stated: {share} (95 %: {interval}).", values);
  }

  function counted(near, label, split) {
    const values = {
      split, total: near.total, low: percent(near.span[0]), high: percent(near.span[1]),
      share: percent(near.share), interval: interval(near.interval), prevalence: percent(near.prevalence),
    };
    if (near.other) {
      return state.facts.exclusive
        ? plural(
            "{n} of {total} held-out films ({split}) that scored {low} to {high} was of this class; where {prevalence} are, that is {share} (95 %: {interval}).",
            "{n} of {total} held-out films ({split}) that scored {low} to {high} were of this class; where {prevalence} are, that is {share} (95 %: {interval}).",
            near.found, values)
        : plural(
            "{n} of {total} held-out films ({split}) that scored {low} to {high} had it; where {prevalence} have it, that is {share} (95 %: {interval}).",
            "{n} of {total} held-out films ({split}) that scored {low} to {high} had it; where {prevalence} have it, that is {share} (95 %: {interval}).",
            near.found, values);
    }
    return state.facts.exclusive
      ? plural(
          "{n} of {total} held-out films ({split}) that scored {low} to {high} was of this class: {share} (95 %: {interval}).",
          "{n} of {total} held-out films ({split}) that scored {low} to {high} were of this class: {share} (95 %: {interval}).",
          near.found, values)
      : plural(
          "{n} of {total} held-out films ({split}) that scored {low} to {high} had it: {share} (95 %: {interval}).",
          "{n} of {total} held-out films ({split}) that scored {low} to {high} had it: {share} (95 %: {interval}).",
          near.found, values);
  }

  return { words, placeOf, sides: () => t(SIDES), sure };
})();
