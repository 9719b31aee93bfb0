/* Where a film lies on the screen, as pure functions: no node, no state.
 *
 * A place is {scale, x, y}: screen pixels per film pixel, or "fit", and the point of the film that lies in the middle
 * of the room, in shares of its width and height. A room is {width, height, margin: {left, right, top, bottom}} in
 * screen pixels, a film {width, height} in its own. A way is {turn, flip}: the film is first mirrored left to right in
 * its own frame, then turned clockwise by 0, 90, 180 or 270 degrees. A matrix is CSS's [a, b, c, d, e, f]. */
/** @type {Readonly<Place>} */
const FIT = Object.freeze({ scale: "fit", x: 0.5, y: 0.5 });
/** @type {Readonly<Way>} */
const UPRIGHT = Object.freeze({ turn: 0, flip: false });
const MOST = 8; // screen pixels per film pixel
/** @type {Record<number, number>} */
const COSINES = { 0: 1, 90: 0, 180: -1, 270: 0 };
/** @type {Record<number, number>} */
const SINES = { 0: 0, 90: 1, 180: 0, 270: -1 };

/** @type {(room: Room) => Size} */
const free = ({ width, height, margin }) => ({
  width: Math.max(1, width - margin.left - margin.right),
  height: Math.max(1, height - margin.top - margin.bottom),
});

/**
 * @param {Room} room
 * @returns {XY}
 */
const middle = (room) => {
  const { width, height } = free(room);
  return { x: room.margin.left + width / 2, y: room.margin.top + height / 2 };
};

/** The film's size as it stands, in its own pixels.
 * @type {(film: Size, way: Way) => Size} */
const standing = (film, { turn }) => (turn % 180 === 0 ? film : { width: film.height, height: film.width });

/**
 * @param {Room} room
 * @param {Size} film
 * @param {Way} [way]
 * @returns {number}
 */
function fitScale(room, film, way = UPRIGHT) {
  const [space, size] = [free(room), standing(film, way)];
  return Math.max(0.01, Math.min(space.width / size.width, space.height / size.height));
}

/**
 * @param {Place} place
 * @param {Room} room
 * @param {Size} film
 * @param {Way} [way]
 * @returns {number}
 */
const scaleOf = (place, room, film, way = UPRIGHT) => (place.scale === "fit" ? fitScale(room, film, way) : place.scale);

/** The first four figures of a matrix.
 * @param {number} scale
 * @param {Way} way
 * @returns {[number, number, number, number]}
 */
function linear(scale, { turn, flip }) {
  const [cosine, sine, mirror] = [COSINES[turn] * scale, SINES[turn] * scale, flip ? -1 : 1];
  return [cosine * mirror, sine * mirror, -sine, cosine];
}

/** @type {(m: readonly number[], point: XY) => XY} */
const apply = ([a, b, c, d], { x, y }) => ({ x: a * x + c * y, y: b * x + d * y });

/**
 * @param {readonly number[]} m
 * @param {XY} point
 * @returns {XY}
 */
function unapply([a, b, c, d], { x, y }) {
  const area = a * d - b * c;
  return { x: (d * x - c * y) / area, y: (a * y - b * x) / area };
}

/** Film pixels to screen pixels. With `grain`, the film is laid on whole screen pixels of that size.
 * @param {Place} place
 * @param {Room} room
 * @param {Size} film
 * @param {Way} [way]
 * @param {number} [grain]
 * @returns {Matrix}
 */
function matrix(place, room, film, way = UPRIGHT, grain = 0) {
  const part = linear(scaleOf(place, room, film, way), way);
  const [to, from] = [middle(room), apply(part, { x: place.x * film.width, y: place.y * film.height })];
  /** @param {number} offset */
  const lay = (offset) => (grain ? Math.round(offset / grain) * grain : offset);
  return [...part, lay(to.x - from.x), lay(to.y - from.y)];
}

/**
 * @param {Matrix} m
 * @param {XY} point
 * @returns {XY}
 */
const toStage = (m, point) => {
  const { x, y } = apply(m, point);
  return { x: x + m[4], y: y + m[5] };
};

/**
 * @param {Matrix} m
 * @param {XY} point
 * @returns {XY}
 */
const toFilm = (m, point) => unapply(m, { x: point.x - m[4], y: point.y - m[5] });

/** The place whose film has its middle `offset` screen pixels away from the room's.
 * @type {(scale: number, offset: XY, room: Room, film: Size, way: Way) => Place} */
function placed(scale, offset, room, film, way) {
  const fit = fitScale(room, film, way);
  if (Math.abs(scale / fit - 1) < 1e-3) return FIT;
  const size = standing(film, way);
  // an edge comes no further in than where it lies when the film is fitted: so the toolbar's row can always be
  // cleared, and zooming about any point of the fitted film keeps that point
  /** @param {number} length */
  const limit = (length) => Math.max(0, (length * (scale - fit)) / 2);
  /** @type {(value: number, most: number) => number} */
  const bounded = (value, most) => Math.min(most, Math.max(-most, value));
  const within = { x: bounded(offset.x, limit(size.width)), y: bounded(offset.y, limit(size.height)) };
  const back = unapply(linear(scale, way), within);
  return { scale, x: 0.5 - back.x / film.width, y: 0.5 - back.y / film.height };
}

/** @type {(place: Place, room: Room, film: Size, way: Way) => XY} */
function offsetOf(place, room, film, way) {
  const away = { x: (0.5 - place.x) * film.width, y: (0.5 - place.y) * film.height };
  return apply(linear(scaleOf(place, room, film, way), way), away);
}

/** The nearest place that does not lose the film.
 * @param {Place} place
 * @param {Room} room
 * @param {Size} film
 * @param {Way} [way]
 * @returns {Place}
 */
const clamp = (place, room, film, way = UPRIGHT) =>
  place.scale === "fit" ? FIT : placed(place.scale, offsetOf(place, room, film, way), room, film, way);

/**
 * @param {Place} place
 * @param {number} dx
 * @param {number} dy
 * @param {Room} room
 * @param {Size} film
 * @param {Way} [way]
 * @returns {Place}
 */
function panBy(place, dx, dy, room, film, way = UPRIGHT) {
  const { x, y } = offsetOf(place, room, film, way);
  return placed(scaleOf(place, room, film, way), { x: x + dx, y: y + dy }, room, film, way);
}

/** Zoom so that the film's pixel under `point`, in screen pixels, stays there. `whole`: the scale of 100 %.
 * @param {Place} place
 * @param {number} factor
 * @param {XY} point
 * @param {Room} room
 * @param {Size} film
 * @param {Way} [way]
 * @param {number} [whole]
 * @returns {Place}
 */
function zoomAt(place, factor, point, room, film, way = UPRIGHT, whole = 1) {
  const fit = fitScale(room, film, way);
  const before = scaleOf(place, room, film, way);
  const after = Math.min(Math.max(MOST, fit), Math.max(Math.min(fit, whole), before * factor));
  const [centre, offset] = [middle(room), offsetOf(place, room, film, way)];
  const share = after / before;
  /** @type {(from: number, at: number) => number} */
  const kept = (from, at) => at + (from - at) * share;
  const moved = { x: kept(offset.x, point.x - centre.x), y: kept(offset.y, point.y - centre.y) };
  return placed(after, moved, room, film, way);
}

/** The same part of another film in another room: as many times larger than fitted, about the same share.
 * @param {Place} place
 * @param {Setting} from
 * @param {Setting} to
 * @returns {Place}
 */
function carried(place, from, to) {
  if (place.scale === "fit") return FIT;
  const times = place.scale / fitScale(from.room, from.film, from.way);
  const there = { ...place, scale: times * fitScale(to.room, to.film, to.way) };
  return clamp(there, to.room, to.film, to.way);
}

/**
 * @param {Way} way
 * @returns {Way}
 */
const turned = ({ turn, flip }) => ({ turn: (turn + 90) % 360, flip });

/** Left and right as they are seen, however the film is turned.
 * @param {Way} way
 * @returns {Way}
 */
const flipped = ({ turn, flip }) => ({ turn: (360 - turn) % 360, flip: !flip });

/** As style and drawings want it: so many digits that the largest film ends where its room does.
 * @param {Matrix} m
 * @returns {string}
 */
const written = (m) => `matrix(${m.map((part) => part.toFixed(9)).join(",")})`;

export {
  FIT, UPRIGHT, fitScale, scaleOf, matrix, written, toStage, toFilm, clamp, panBy, zoomAt, carried, turned,
  flipped, middle,
};
