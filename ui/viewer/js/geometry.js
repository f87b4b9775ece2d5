// Pure geometry of the viewer. Image coordinates are continuous: pixel i covers i to i+1. A `view` has zoom (1: the
// whole image fits the stage) and the point of the image, in mm, that lies in the middle of the stage. A `stage` has
// width and height in CSS pixels. `view.mirror` is [across, down], -1 where it is mirrored. A `series` has columns, rows, column_mm and row_mm. A box is [x0, y0, x1, y1].

import { clamp, decimal } from "../../browser/js/numbers.js";

export const MAX_ZOOM = 24;
const MIN_ZOOM = 0.5;
const BODY_HU = -300, FIT_MARGIN = 1.12, MIN_BODY_SHARE = 1 / 8, MIN_LINE_SHARE = 1 / 50;
const SCALE_BARS_MM = [100, 50, 20, 10, 5, 2, 1];

export function wholeImage(series) {
  return { zoom: 1, x: (series.columns * series.column_mm) / 2, y: (series.rows * series.row_mm) / 2 };
}

// CSS pixels of one mm.
export function scaleOf(series, view, stage) {
  return view.zoom * Math.min(stage.width / (series.columns * series.column_mm), stage.height / (series.rows * series.row_mm));
}

// CSS pixels of one mm to the right in the image and downwards: negative where the picture is mirrored.
function steps(series, view, stage) {
  const k = scaleOf(series, view, stage), [across, down] = view.mirror || [1, 1];
  return [k * across, k * down];
}

export function toScreen(series, view, stage, [column, row]) {
  const [kx, ky] = steps(series, view, stage);
  return [stage.width / 2 + (column * series.column_mm - view.x) * kx, stage.height / 2 + (row * series.row_mm - view.y) * ky];
}

export function toImage(series, view, stage, [x, y]) {
  const [kx, ky] = steps(series, view, stage);
  return [((x - stage.width / 2) / kx + view.x) / series.column_mm, ((y - stage.height / 2) / ky + view.y) / series.row_mm];
}

// The letters of the patient's sides at left, right, top and bottom, which change places where the picture is mirrored.
export function sideLetters(series, [across, down]) {
  const letters = series.letters || ["", "", "", ""];
  return [...(across < 0 ? [1, 0] : [0, 1]), ...(down < 0 ? [3, 2] : [2, 3])].map((i) => letters[i]);
}

export function onImage(series, [column, row]) {
  return column >= 0 && row >= 0 && column < series.columns && row < series.rows;
}

// The view enlarged by `factor`; what lies at screen point `at` stays there.
export function zoomedAt(series, view, stage, factor, at) {
  const [column, row] = toImage(series, view, stage, at);
  const zoom = clamp(view.zoom * factor, MIN_ZOOM, MAX_ZOOM), [kx, ky] = steps(series, { ...view, zoom }, stage);
  return {
    zoom,
    x: column * series.column_mm - (at[0] - stage.width / 2) / kx,
    y: row * series.row_mm - (at[1] - stage.height / 2) / ky,
  };
}

// The view moved by so many screen pixels.
export function panned(series, view, stage, dx, dy) {
  const [kx, ky] = steps(series, view, stage);
  return { zoom: view.zoom, x: view.x - dx / kx, y: view.y - dy / ky };
}

// The view of the body and not of the air around it; of the whole image where there is no body to find or no `values`
// in HU, row by row.
export function fitted(series, stage, values) {
  const whole = wholeImage(series);
  if (!values || series.units !== "HU") return whole;
  const columns = new Uint32Array(series.columns), rows = new Uint32Array(series.rows);
  for (let row = 0, i = 0; row < series.rows; row++)
    for (let column = 0; column < series.columns; column++, i++)
      if (values[i] > BODY_HU) { columns[column]++; rows[row]++; }
  const [x0, x1] = extent(columns, series.rows), [y0, y1] = extent(rows, series.columns);
  if (x1 - x0 <= series.columns * MIN_BODY_SHARE || y1 - y0 <= series.rows * MIN_BODY_SHARE) return whole;
  const width = (x1 - x0) * series.column_mm * FIT_MARGIN, height = (y1 - y0) * series.row_mm * FIT_MARGIN;
  return {
    zoom: Math.max(1, Math.min(stage.width / width, stage.height / height) / scaleOf(series, whole, stage)),
    x: ((x0 + x1) / 2) * series.column_mm,
    y: ((y0 + y1) / 2) * series.row_mm,
  };
}

// First line and one past the last line with enough body in it.
function extent(counts, across) {
  const enough = (count) => count > across * MIN_LINE_SHARE;
  return [counts.findIndex(enough), counts.length - [...counts].reverse().findIndex(enough)];
}

// Even-odd rule, outline as a list of points.
export function contains(outline, [x, y]) {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [xi, yi] = outline[i], [xj, yj] = outline[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

// From the upper left clockwise: the corner opposite to i is (i + 2) % 4.
export function boxCorners([x0, y0, x1, y1]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

// A drawn box in whole pixels, whichever corner the drag began at.
export function wholePixels(box) {
  const [x0, x1] = [box[0], box[2]].sort((a, b) => a - b), [y0, y1] = [box[1], box[3]].sort((a, b) => a - b);
  return [Math.floor(x0), Math.floor(y0), Math.ceil(x1), Math.ceil(y1)];
}

// A box moved by whole pixels, and never out of the image.
export function movedBox(series, [x0, y0, x1, y1], dx, dy) {
  const right = clamp(Math.round(dx), -x0, series.columns - x1), down = clamp(Math.round(dy), -y0, series.rows - y1);
  return [x0 + right, y0 + down, x1 + right, y1 + down];
}

// The lower right corner moved; the box keeps at least two pixels.
export function grownBox([x0, y0, x1, y1], dx, dy) {
  return [x0, y0, Math.max(x1 + dx, x0 + 2), Math.max(y1 + dy, y0 + 2)];
}

// The middle of the pixel that is `step` pixels on from `from` towards (dx, dy), kept on the image.
export function steppedPixel(series, from, [dx, dy], step) {
  return [
    clamp(Math.floor(from[0] + dx * step) + 0.5, 0.5, series.columns - 0.5),
    clamp(Math.floor(from[1] + dy * step) + 0.5, 0.5, series.rows - 0.5),
  ];
}

// The length of a line in words: mm where the pixels' size is known.
export function lengthText(series, [x0, y0, x1, y1]) {
  if (!series.calibrated) return `${Math.hypot(x1 - x0, y1 - y0).toFixed(0)} px`;
  return `${decimal(Math.hypot((x1 - x0) * series.column_mm, (y1 - y0) * series.row_mm))} mm`;
}

// The longest round length in mm that fits a quarter of the stage.
export function scaleBarMm(pixelsOfMm, width) {
  return SCALE_BARS_MM.find((mm) => mm * pixelsOfMm <= width / 4) || 1;
}
