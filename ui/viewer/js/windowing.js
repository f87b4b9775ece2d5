// Display windows: HU to grey, the presets, and dragging. A window has width and level.

import { clamp } from "../../browser/js/numbers.js";

const MIN_WIDTH = 1, MAX_WIDTH = 8000, MIN_LEVEL = -2000, MAX_LEVEL = 4000;
const WIDTH_DRAG_PX = 250, LEVEL_DRAG_PX = 350, MIN_DRAG_WIDTH = 40;

// Fill `table` (Uint32Array of 65536, at HU + 32768) with opaque grey pixels: `level` becomes mid-grey, as in
// `apply_window` of tools/regions/crop.py; white and black change places where it is `inverted`.
export function fillTable(table, { width, level, inverted = false }) {
  const low = level - width / 2, scale = 255 / width;
  for (let i = 0; i < table.length; i++) {
    const shade = clamp((i - 32768 - low) * scale + 0.5, 0, 255) | 0, grey = inverted ? 255 - shade : shade;
    table[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
}

// HU (Int16Array) to pixels (Uint32Array of the same length) through a filled table.
export function applyTable(table, values, pixels) {
  for (let i = 0; i < values.length; i++) pixels[i] = table[values[i] + 32768];
}

// The window a series opens in: the file's own, else the first that the server offers.
export function firstWindow(series, offered) {
  const { width, level } = series.window || offered[0];
  return { width, level };
}

// What the list of presets and the number keys offer.
export function presetsOf(series, offered) {
  return [...offered, { name: "From the file", ...firstWindow(series, offered) }];
}

// Which preset a window is; the one after the last where it is none of them.
export function presetIndex(presets, window) {
  const same = (a, b) => Math.round(a) === Math.round(b);
  const known = presets.findIndex((preset) => same(preset.width, window.width) && same(preset.level, window.level));
  return known < 0 ? presets.length : known;
}

// A drag to the right widens, a drag downwards raises the level, the more the wider the window.
export function draggedWindow({ width, level }, dx, dy) {
  const wider = clamp(width * Math.exp(dx / WIDTH_DRAG_PX), MIN_WIDTH, MAX_WIDTH);
  const higher = level + (dy * Math.max(wider, MIN_DRAG_WIDTH)) / LEVEL_DRAG_PX;
  return { width: wider, level: clamp(higher, MIN_LEVEL, MAX_LEVEL) };
}

// A window whose figures were typed, within what can be shown; null where one is no number.
export function typedWindow({ width, level }) {
  if (!Number.isFinite(width) || !Number.isFinite(level)) return null;
  return { width: clamp(width, MIN_WIDTH, MAX_WIDTH), level: clamp(level, MIN_LEVEL, MAX_LEVEL) };
}
