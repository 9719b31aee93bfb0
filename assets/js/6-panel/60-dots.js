/* A thousand patients as a thousand dots. */
import { pen, present } from "../0-core/00-core.js";

const PITCH = 4;
const SIDE = 3;
/** @type {[keyof Counts, string][]} */
const COLOURS = [["found", "--found"], ["missed", "--missed"], ["alarms", "--alarms"], ["cleared", "--cleared"]];

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Counts | null} counts
 */
function draw(canvas, counts) {
  const width = present(canvas.parentElement, "box for the dots").clientWidth;
  if (!width) return;
  const columns = Math.floor(width / PITCH);
  const total = counts ? Object.values(counts).reduce((sum, value) => sum + value, 0) : 0;
  const height = Math.ceil(total / columns) * PITCH;
  const mark = JSON.stringify([counts, width, window.devicePixelRatio]);
  if (canvas.dataset.mark === mark) return;
  canvas.dataset.mark = mark;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  if (!counts) return;
  const context = pen(canvas);
  context.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  let index = 0;
  for (const [name, variable] of COLOURS) {
    context.fillStyle = style.getPropertyValue(variable).trim();
    for (let left = counts[name]; left > 0; left -= 1, index += 1) {
      const [x, y] = [(index % columns) * PITCH, Math.floor(index / columns) * PITCH];
      context.beginPath();
      context.roundRect(x, y, SIDE, SIDE, 1);
      context.fill();
    }
  }
}

export { draw };
