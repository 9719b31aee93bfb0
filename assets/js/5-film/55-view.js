/* How films are looked at: place, turn, flip, grey window; of one pane or of two that move together. */
"use strict";

cxr.view = (() => {
  const { state } = cxr;
  const { FIT, UPRIGHT } = cxr.geometry;
  const WIDTHS = [2, 510];
  const LEVELS = [0, 255];
  const films = new Map(); // film key -> {place, way}: a film turned or flipped stays so, and no other one is
  let second = null; // what the second pane has of its own while the two are not linked
  let active = 0; // the pane that keys and buttons mean while they are not linked

  function record(film) {
    if (!films.has(film)) films.set(film, { place: FIT, way: UPRIGHT });
    return films.get(film);
  }

  /* The films that do not stand as they were taken, by key, for a page that comes again. */
  const ways = () => [...films].map(([film, { way }]) => [film, way]).filter(([, way]) => way.turn || way.flip);
  const restoreWays = (kept) => kept.forEach(([film, way]) => (record(film).way = way));

  const apart = (sheet) => Boolean(second) && sheet.index === 1;
  const wayOf = (sheet) => record(sheet.pane.item.film).way;
  const setting = (sheet) => ({ room: sheet.room, film: sheet.pane.item, way: wayOf(sheet) });
  const first = () => cxr.stage.sheets()[0];
  const toneOf = (sheet) => (apart(sheet) ? second : state.view);

  function setTone(sheet, changes) {
    if (apart(sheet)) Object.assign(second, changes);
    else cxr.look.set(changes);
  }

  const invert = (sheet) => setTone(sheet, { invert: !toneOf(sheet).invert });

  function placeOf(sheet) {
    const { room, film, way } = setting(sheet);
    if (apart(sheet)) return cxr.geometry.clamp(second.place, room, film, way);
    const place = record(first().pane.item.film).place;
    if (sheet.index === 0) return cxr.geometry.clamp(place, room, film, way);
    return cxr.geometry.carried(place, setting(first()), { room, film, way });
  }

  function setPlace(sheet, place) {
    if (apart(sheet)) second.place = place;
    else {
      const own = sheet.index === 0 ? place : cxr.geometry.carried(place, setting(sheet), setting(first()));
      record(first().pane.item.film).place = own;
    }
    cxr.stage.moved();
  }

  /* Put the place through a function of the geometry. */
  function change(sheet, fn) {
    const { room, film, way } = setting(sheet);
    setPlace(sheet, fn(placeOf(sheet), room, film, way));
  }

  const zoomAt = (sheet, factor, point) =>
    change(sheet, (place, ...where) => cxr.geometry.zoomAt(place, factor, point, ...where, 1 / window.devicePixelRatio));
  const panBy = (sheet, dx, dy) => change(sheet, (place, ...where) => cxr.geometry.panBy(place, dx, dy, ...where));
  const fit = (sheet) => setPlace(sheet, FIT);

  /* Fit, or one film pixel per screen pixel. */
  function toggleTrue(sheet, point) {
    if (placeOf(sheet).scale !== "fit") return fit(sheet);
    const { room, film, way } = setting(sheet);
    const now = cxr.geometry.fitScale(room, film, way);
    return zoomAt(sheet, 1 / window.devicePixelRatio / now, point);
  }

  function turn(sheet, fn) {
    const own = record(sheet.pane.item.film);
    own.way = fn(own.way);
    cxr.stage.moved();
  }

  function setWindow(sheet, width, level) {
    const within = (value, [low, high]) => Math.min(high, Math.max(low, value));
    setTone(sheet, { window: { width: within(width, WIDTHS), level: within(level, LEVELS) } });
    cxr.stage.moved();
  }

  /* Percent of film pixels: at 100 one pixel of the film is one of the screen. */
  function percent(sheet) {
    const { room, film, way } = setting(sheet);
    return 100 * window.devicePixelRatio * cxr.geometry.scaleOf(placeOf(sheet), room, film, way);
  }

  function matrixOf(sheet) {
    const { room, film, way } = setting(sheet);
    const shown = percent(sheet) / 100;
    // at a whole number of screen pixels per film pixel every film pixel is one square
    const grain = Math.abs(shown - Math.round(shown)) < 1e-6 ? 1 / window.devicePixelRatio : 0;
    return cxr.geometry.matrix(placeOf(sheet), room, film, way, grain);
  }

  function link(linked) {
    const sheets = cxr.stage.sheets();
    if (!linked && !second && sheets[1].pane) {
      second = { place: placeOf(sheets[1]), window: state.view.window, invert: state.view.invert };
    }
    if (linked) [second, active] = [null, 0];
    cxr.changed();
  }

  function activate(sheet) {
    if (second && active !== sheet.index) cxr.changed();
    active = sheet.index;
  }

  const activeSheet = () => cxr.stage.sheets()[second && cxr.stage.sheets()[1].pane ? active : 0];

  return {
    placeOf, wayOf, toneOf, invert, zoomAt, panBy, fit, toggleTrue, turn, setWindow, percent, matrixOf, link, activate, activeSheet,
    ways, restoreWays, linked: () => !second,
  };
})();
