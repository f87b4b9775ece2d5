// What an answer asks of the view: window, zoom, slices on, what is drawn over the picture.

import * as geometry from "./geometry.js";
import { firstWindow } from "./windowing.js";

const ZOOM_STEP = 1.5, WIDTH_STEP = 1.4, LEVEL_STEP = 0.25, REGION_SHARE = 3;

// The window after a step; `brighter` lowers the level by a quarter of the width.
export function steppedWindow({ width, level }, step) {
  if (step === "wider") return { width: width * WIDTH_STEP, level };
  if (step === "narrower") return { width: width / WIDTH_STEP, level };
  const shift = width * LEVEL_STEP;
  return { width, level: level + (step === "darker" ? shift : -shift) };
}

// The view with a region in the middle of the stage, which is three times as wide.
export function zoomedTo(series, stage, { box: [x0, y0, x1, y1] }) {
  const whole = geometry.wholeImage(series), scale = geometry.scaleOf(series, whole, stage);
  const across = Math.max((x1 - x0) * series.column_mm, (y1 - y0) * series.row_mm);
  const zoom = Math.min(stage.width, stage.height) / (REGION_SHARE * across * scale);
  return {
    zoom: Math.min(Math.max(zoom, 1), geometry.MAX_ZOOM),
    x: ((x0 + x1) / 2) * series.column_mm,
    y: ((y0 + y1) / 2) * series.row_mm,
  };
}

// Have the viewer do what a new command says.
export function obey(viewer, command) {
  const { state, series, view } = viewer;
  for (const what of command.hide) viewer.hidden.add(what);
  for (const what of command.show) viewer.hidden.delete(what);
  if (command.window) viewer.look({ width: command.window.width, level: command.window.level });
  if (command.window_step === "default") viewer.look(firstWindow(series, state.windows));
  else if (command.window_step) viewer.look(steppedWindow(view, command.window_step));
  const region = state.regions.find((each) => each.region_id === command.zoom_on);
  if (region) viewer.look(zoomedTo(series, viewer.size, region));
  else if (command.zoom === "fit") viewer.fit();
  else if (command.zoom) viewer.zoomAt(command.zoom === "in" ? ZOOM_STEP : 1 / ZOOM_STEP);
  if (command.panes) viewer.panes.show(command.panes.join("+"));
  if (command.save_picture) viewer.saveWanted = true;
  if (command.slices_on) viewer.goTo(view.slice + command.slices_on);
  viewer.find(".toolbar").scrollIntoView({ block: "nearest" }); // what was asked of the picture is seen, and its numbers
  viewer.draw();
}
