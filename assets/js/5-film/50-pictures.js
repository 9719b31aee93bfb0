/* Film pictures and heat layers, fetched once and kept in memory, because the server forbids caching on disk. */
import { listen, pen } from "../0-core/00-core.js";
import * as requests from "../0-core/16-requests.js";
import * as analysis from "../3-list/30-analysis.js";

const MOST = 12; // films kept decoded; older ones are fetched again
const films = /** @type {Map<string, Promise<string>>} */ (new Map()); // film key -> an object URL
const layers = /** @type {Map<string, Promise<HeatLayer>>} */ (new Map()); // by "film/model/label"

/** @type {(filmKey: string, path: string) => Promise<Blob>} */
async function fetchBlob(filmKey, path) {
  const reply = await requests.ask(path);
  if (!reply.ok) throw new Error((await analysis.refusal(reply, filmKey)).message);
  return reply.blob();
}

/**
 * @param {string} filmKey
 * @returns {Promise<string>}
 */
function film(filmKey) {
  let url = films.get(filmKey);
  if (!url) {
    url = fetchBlob(filmKey, `/films/${filmKey}/picture.jpg`).then(URL.createObjectURL);
    url.catch(() => films.delete(filmKey));
    films.set(filmKey, url);
    for (const old of [...films.keys()].slice(0, Math.max(0, films.size - MOST))) forget(old);
  }
  // looked at last, forgotten last: a prior film stays while others pass beside it
  films.delete(filmKey);
  films.set(filmKey, url);
  return url;
}

/** The grey levels of a heat layer: 255 is this map's peak.
 * @param {string} filmKey
 * @param {string} model
 * @param {string} label
 * @returns {Promise<HeatLayer>}
 */
function layer(filmKey, model, label) {
  const id = `${filmKey}/${model}/${label}`;
  const known = layers.get(id);
  if (known) return known;
  const grey = fetchBlob(filmKey, `/films/${id}/heat-layer.png`).then(readGrey);
  grey.catch(() => layers.delete(id));
  layers.set(id, grey);
  return grey;
}

/**
 * @param {Blob} blob
 * @returns {Promise<HeatLayer>}
 */
async function readGrey(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const context = pen(canvas, { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const grey = new Uint8Array(bitmap.width * bitmap.height);
  for (let index = 0; index < grey.length; index += 1) grey[index] = data[4 * index];
  return { width: bitmap.width, height: bitmap.height, grey };
}

/** @param {string} filmKey */
function forget(filmKey) {
  const url = films.get(filmKey);
  films.delete(filmKey);
  if (url) url.then(URL.revokeObjectURL, () => {});
  for (const id of layers.keys()) if (id.startsWith(`${filmKey}/`)) layers.delete(id);
}

listen("film-gone", forget);

export { film, layer, forget, readGrey };
