/* Lines of equal heat by marching squares, as pure functions. The map is taken as bilinear between its pixels' middles. */
/** Where a saddle's four arms meet: the bilinear surface's own value there says which of them are joined.
 * @type {(tl: number, tr: number, br: number, bl: number) => number} */
const saddle = (tl, tr, br, bl) => (tl * br - tr * bl) / (tl + br - tr - bl);

/** The edges of cells that the line passes, each with those it goes on to: 2 i the edge right of pixel i, 2 i + 1 the one below it.
 * @type {(map: HeatLayer, level: number) => Map<number, number[]>} */
function links({ width, height, grey }, level) {
  const found = /** @type {Map<number, number[]>} */ (new Map());
  /** @type {(one: number, other: number) => void} */
  const link = (one, other) => {
    for (const [from, to] of [[one, other], [other, one]]) found.set(from, [...(found.get(from) ?? []), to]);
  };
  for (let y = 0; y + 1 < height; y += 1) {
    for (let x = 0; x + 1 < width; x += 1) {
      const index = y * width + x;
      const [tl, tr, bl, br] = [grey[index], grey[index + 1], grey[index + width], grey[index + width + 1]];
      const crossed = /** @type {number[]} */ ([]);
      const [top, right, bottom, left] = [2 * index, 2 * (index + 1) + 1, 2 * (index + width), 2 * index + 1];
      if (tl >= level !== tr >= level) crossed.push(top);
      if (tr >= level !== br >= level) crossed.push(right);
      if (bl >= level !== br >= level) crossed.push(bottom);
      if (tl >= level !== bl >= level) crossed.push(left);
      if (crossed.length === 2) link(crossed[0], crossed[1]);
      if (crossed.length !== 4) continue;
      const joined = saddle(tl, tr, br, bl) >= level === tl >= level;
      link(top, joined ? right : left);
      link(bottom, joined ? left : right);
    }
  }
  return found;
}

/** @type {(map: HeatLayer, edge: number, level: number) => Point2} */
function crossing({ width, grey }, edge, level) {
  const index = edge >> 1;
  const [x, y] = [index % width, Math.floor(index / width)];
  const other = edge % 2 ? grey[index + width] : grey[index + 1];
  const share = (level - grey[index]) / (other - grey[index]);
  return edge % 2 ? [x + 0.5, y + share + 0.5] : [x + share + 0.5, y + 0.5];
}

/** Walk from one edge to the next, using up what was walked.
 * @type {(start: number, ways: Map<number, number[]>) => number[]} */
function follow(start, ways) {
  const passed = [start];
  let at = start;
  for (let next = ways.get(at)?.pop(); next !== undefined; next = ways.get(at)?.pop()) {
    const back = ways.get(next) ?? [];
    back.splice(back.indexOf(at), 1);
    passed.push(next);
    if (next === start) break;
    at = next;
  }
  return passed;
}

/** Lines along which a map {width, height, grey} has this level: lists of [x, y] in its pixels, (0.5, 0.5) the middle
 * of the first. A closed line ends where it began; others end at the map's border.
 * @param {HeatLayer} map
 * @param {number} level
 */
function lines(map, level) {
  const ways = links(map, level);
  const found = /** @type {number[][]} */ ([]);
  /** @param {number[]} edges */
  const walk = (edges) => {
    for (const edge of edges) if (ways.get(edge)?.length) found.push(follow(edge, ways));
  };
  const edges = [...ways.keys()];
  walk(edges.filter((edge) => ways.get(edge)?.length === 1)); // from the border first, then what is closed
  walk(edges);
  return found.map((passed) => passed.map((edge) => crossing(map, edge, level)));
}

/** The lines as an SVG path.
 * @param {Point2[][]} all
 */
const path = (all) =>
  all.map((line) => `M${line.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}`).join("");

export { lines, path };
