// What stands in words around the picture, for the eye and for a screen reader.

import { onImage, sideLetters, toScreen } from "./geometry.js";
import { presetIndex, presetsOf } from "./windowing.js";

const SIDES = ["left", "right", "top", "bottom"], MAX_PRESET_KEYS = 9;

export function fillSelect(select, texts) {
  select.replaceChildren(...texts.map((text, i) => new Option(text, i)));
}

// What stays the same as long as this series is open.
export function showSeries({ find, presetSelect, seriesSelect }, state, series) {
  const presets = presetsOf(series, state.windows), keys = Math.min(presets.length, MAX_PRESET_KEYS);
  fillSelect(presetSelect, [...presets.map((preset, i) => `${preset.name}  (${i + 1})`), "Custom"]);
  presetSelect.title = `Window preset (keys 1 to ${keys})`;
  presetSelect.setAttribute("aria-label", presetSelect.title);
  find(".preset-keys").textContent = `1–${keys}`;
  fillSelect(seriesSelect, state.series.map((each) => each.label));
  seriesSelect.hidden = state.series.length < 2;
  seriesSelect.value = state.series_index;
}

// The patient's sides at the edges of the picture.
function showSides(find, series, mirror) {
  const letters = sideLetters(series, mirror);
  SIDES.forEach((side, i) => {
    const edge = find(`.side.${side}`), letter = letters[i];
    if (edge.textContent !== letter) edge.textContent = letter;
  });
}

// How the picture differs from the file's, in words.
const alterations = ({ inverted, mirror }) => (inverted ? "\ninverted" : "") + (mirror.includes(-1) ? "\nmirrored" : "");

export function showFacts({ find }, state) {
  find(".top-left").textContent = [state.title, state.facts].filter(Boolean).join("\n");
}

export function showPosition({ find, slider }, series, slice) {
  slider.value = slice;
  slider.setAttribute("aria-valuetext", `slice ${slice + 1} of ${series.slices}`);
  find(".position").textContent = `${slice + 1} / ${series.slices}`;
}

// A strip under the slider, as players of films have it; gone when everything is there.
export function showLoaded(strip, slices) {
  const count = slices.series.slices, stops = [];
  strip.classList.toggle("complete", slices.complete);
  strip.setAttribute("aria-valuemax", count);
  strip.setAttribute("aria-valuenow", slices.loaded);
  strip.setAttribute("aria-valuetext", `${slices.loaded} of ${count} slices loaded`);
  for (let from = 0, to = 1; from < count; from = to++) {
    while (to < count && slices.settled(to) === slices.settled(from)) to++;
    stops.push(`${slices.settled(from) ? "var(--accent)" : "transparent"} ${(100 * from) / count}% ${(100 * to) / count}%`);
  }
  strip.style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
}

// Window, slice, density under the cursor; and on the stage's data, where the image lies.
export function showCorners({ find, stage, presetSelect }, { series, view, state, marks, picture, slices, stage: size }) {
  const why = slices.broken.get(view.slice), settled = picture.shown === view.slice || why;
  find(".bottom-left").textContent = `W ${Math.round(view.width)}  L ${Math.round(view.level)}${alterations(view)}`;
  showSides(find, series, view.mirror);
  find(".bottom-right").textContent = `${settled ? "" : `loading slice ${view.slice + 1}…\n`}slice ${view.slice + 1} / ${series.slices}${imageText(series, view.slice)}`;
  find(".top-right").textContent = densityText(series, slices.values.get(view.slice), marks.cross || marks.cursor);
  find(".broken").textContent = why || "";
  presetSelect.value = presetIndex(presetsOf(series, state.windows), view);
  Object.assign(stage.dataset, {
    study: state.study_key,
    shown: picture.shown + 1,
    size: `${series.columns} ${series.rows}`,
    origin: toScreen(series, view, size, [0, 0]).join(" "),
    corner: toScreen(series, view, size, [series.columns, series.rows]).join(" "),
  });
}

// The file's own number of a slice, which other viewers show, where it is another one.
export function imageText(series, slice) {
  const number = (series.image_numbers || [])[slice];
  return number === undefined || number === null ? "" : `\nimage ${number}`;
}

function densityText(series, values, spot) {
  if (!spot || !values || !onImage(series, spot)) return "";
  const [column, row] = spot.map(Math.floor);
  return `${values[row * series.columns + column]}${series.units === "HU" ? " HU" : ""}\ncolumn ${column}, row ${row}`;
}

// The stage's name for a screen reader.
export function stageName(state) {
  const count = state.regions.length;
  return `${state.title}. ${state.facts}. ${count ? count + (count > 1 ? " regions" : " region") : "No regions yet"}. ` +
    "Arrow keys change the slice, Shift and arrow keys move a cross-hair, Enter outlines what is under it.";
}
