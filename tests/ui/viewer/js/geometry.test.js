import { close, equal, ok, test } from "../../../js/harness.js";
import * as geometry from "../../../../ui/viewer/js/geometry.js";

const square = { columns: 512, rows: 512, column_mm: 0.8, row_mm: 0.8, units: "HU", calibrated: true };
// a sagittal reformat: tall pixels, more columns than rows
const sagittal = { columns: 300, rows: 60, column_mm: 0.7, row_mm: 5, units: "HU", calibrated: true };
const stages = [{ width: 800, height: 500 }, { width: 358, height: 420 }];
const views = (series) => [geometry.wholeImage(series), { zoom: 3.7, x: 20, y: 141.5 }, { zoom: 0.5, x: -30, y: 0 }];
const mirrored = (series) => [[-1, 1], [1, -1], [-1, -1]].map((mirror) => ({ ...geometry.wholeImage(series), mirror }));

function everywhere(check) {
  for (const series of [square, sagittal]) for (const stage of stages) for (const view of views(series)) check(series, view, stage);
}

test("the whole image fits the stage, in the middle, and touches two edges", () => {
  for (const series of [square, sagittal])
    for (const stage of stages) {
      const view = geometry.wholeImage(series);
      const [x0, y0] = geometry.toScreen(series, view, stage, [0, 0]);
      const [x1, y1] = geometry.toScreen(series, view, stage, [series.columns, series.rows]);
      close([x0 + x1, y0 + y1], [stage.width, stage.height], 1e-6);
      close(Math.min(x0, y0), 0, 1e-6);
      close((x1 - x0) / (y1 - y0), (series.columns * series.column_mm) / (series.rows * series.row_mm), 1e-6);
    }
});

test("screen and image coordinates are inverse to each other", () => {
  everywhere((series, view, stage) => {
    for (const spot of [[0, 0], [17.25, 31], [series.columns, series.rows], [-4, 700]])
      close(geometry.toImage(series, view, stage, geometry.toScreen(series, view, stage, spot)), spot, 1e-6);
  });
});

test("a mirrored picture is handled as any other", () => {
  for (const series of [square, sagittal]) for (const stage of stages) for (const view of mirrored(series)) {
    const at = [123, 77], spot = geometry.toImage(series, view, stage, at);
    close(geometry.toScreen(series, view, stage, spot), at, 1e-6);
    const zoomed = { ...view, ...geometry.zoomedAt(series, view, stage, 1.6, at) };
    close(geometry.toScreen(series, zoomed, stage, spot), at, 1e-6);
    const moved = { ...view, ...geometry.panned(series, view, stage, 30, -12) };
    close(geometry.toScreen(series, moved, stage, spot), [at[0] + 30, at[1] - 12], 1e-6);
    const [x0] = geometry.toScreen(series, view, stage, [0, 0]), [x1] = geometry.toScreen(series, view, stage, [1, 0]);
    equal(Math.sign(x1 - x0), view.mirror[0]);
  }
});

test("what is not square in mm is not square on the screen", () => {
  const [stage] = stages, view = geometry.wholeImage(sagittal);
  const [x0, y0] = geometry.toScreen(sagittal, view, stage, [10, 10]), [x1, y1] = geometry.toScreen(sagittal, view, stage, [11, 11]);
  close((y1 - y0) / (x1 - x0), sagittal.row_mm / sagittal.column_mm, 1e-6);
});

test("zooming keeps the point under the pointer, and zooming back restores the view", () => {
  everywhere((series, view, stage) => {
    const at = [123, 77], spot = geometry.toImage(series, view, stage, at);
    const zoomed = geometry.zoomedAt(series, view, stage, 1.6, at);
    close(geometry.toScreen(series, zoomed, stage, spot), at, 1e-6);
    close(zoomed.zoom, view.zoom * 1.6);
    close(geometry.zoomedAt(series, zoomed, stage, 1 / 1.6, at), view, 1e-6);
  });
});

test("zoom ends at half and at 24 times", () => {
  const view = geometry.wholeImage(square);
  equal(geometry.zoomedAt(square, view, stages[0], 1e6, [0, 0]).zoom, 24);
  equal(geometry.zoomedAt(square, view, stages[0], 1e-6, [0, 0]).zoom, 0.5);
});

test("panning moves the picture by so many pixels, and back", () => {
  everywhere((series, view, stage) => {
    const before = geometry.toScreen(series, view, stage, [5, 5]), moved = geometry.panned(series, view, stage, 30, -12);
    close(geometry.toScreen(series, moved, stage, [5, 5]), [before[0] + 30, before[1] - 12], 1e-6);
    close(geometry.panned(series, moved, stage, -30, 12), view, 1e-6);
  });
});

test("a spot is on the image from 0 up to, and not including, its size", () => {
  ok(geometry.onImage(square, [0, 0]) && geometry.onImage(square, [511.999, 511.999]), "corners are inside");
  for (const spot of [[-0.001, 5], [5, -0.001], [512, 5], [5, 512]]) ok(!geometry.onImage(square, spot), `${spot} is outside`);
});

function filled(series, [x0, y0, x1, y1], inside = 40, outside = -1000) {
  const values = new Int16Array(series.rows * series.columns).fill(outside);
  for (let row = y0; row < y1; row++) values.fill(inside, row * series.columns + x0, row * series.columns + x1);
  return values;
}

test("fitting shows the body with a margin, in the middle", () => {
  const series = { ...square, column_mm: 0.5 }, stage = stages[0], box = [100, 150, 400, 350];
  const view = geometry.fitted(series, stage, filled(series, box));
  close([view.x, view.y], [125, 200]);
  const [x0, y0] = geometry.toScreen(series, view, stage, [box[0], box[1]]), [x1, y1] = geometry.toScreen(series, view, stage, [box[2], box[3]]);
  ok(x0 > 0 && y0 > 0 && x1 < stage.width && y1 < stage.height, "the body is on the stage");
  close(Math.max((x1 - x0) / stage.width, (y1 - y0) / stage.height), 1 / 1.12, 1e-6);
});

test("nothing to fit leaves the whole image", () => {
  const whole = geometry.wholeImage(square), [stage] = stages;
  close(geometry.fitted(square, stage, undefined), whole); // not arrived
  close(geometry.fitted({ ...square, units: "arbitrary" }, stage, filled(square, [100, 100, 400, 400])), whole);
  close(geometry.fitted(square, stage, filled(square, [0, 0, 0, 0])), whole); // only air
  close(geometry.fitted(square, stage, filled(square, [200, 100, 230, 400])), whole); // a table edge
  close(geometry.fitted(square, stage, filled(square, [0, 0, 512, 512])), whole); // a body without air
});

test("an outline contains what is inside, hollows and notches left out", () => {
  const notched = [[0, 0], [10, 0], [10, 10], [5, 4], [0, 10]];
  ok(geometry.contains(notched, [2, 3]) && geometry.contains(notched, [9, 7]), "inside");
  ok(!geometry.contains(notched, [5, 8]), "in the notch");
  ok(!geometry.contains(notched, [-1, 3]) && !geometry.contains(notched, [5, 11]), "outside");
  ok(!geometry.contains([], [0, 0]), "an empty outline");
});

test("corners are opposite two on", () => {
  const corners = geometry.boxCorners([1, 2, 30, 40]);
  equal(corners[0], [1, 2]);
  equal(corners[2], [30, 40]);
  equal([corners[1], corners[3]], [[30, 2], [1, 40]]);
});

test("a box drawn from any corner covers every pixel it touches", () => {
  for (const box of [[10.2, 20.9, 30.1, 40.5], [30.1, 40.5, 10.2, 20.9], [10.2, 40.5, 30.1, 20.9]])
    equal(geometry.wholePixels(box), [10, 20, 31, 41]);
  equal(geometry.wholePixels([9, 100, 10, 20]), [9, 20, 10, 100]); // sorted as numbers
});

test("a box is moved by whole pixels and stays on the image", () => {
  equal(geometry.movedBox(square, [10, 10, 30, 40], 5.4, -3.6), [15, 6, 35, 36]);
  equal(geometry.movedBox(square, [10, 10, 30, 40], -50, 900), [0, 482, 20, 512]);
  equal(geometry.movedBox(sagittal, [280, 50, 300, 60], 1, 1), [280, 50, 300, 60]);
});

test("a box grows at its lower right and keeps two pixels", () => {
  equal(geometry.grownBox([10, 10, 20, 20], 1, 0), [10, 10, 21, 20]);
  equal(geometry.grownBox([10, 10, 12, 12], -1, -1), [10, 10, 12, 12]);
});

test("the cross-hair steps between the middles of pixels and stays on the image", () => {
  equal(geometry.steppedPixel(square, [10.5, 10.5], [1, 0], 1), [11.5, 10.5]);
  equal(geometry.steppedPixel(square, [0.5, 0.5], [-1, 0], 4), [0.5, 0.5]);
  equal(geometry.steppedPixel(sagittal, [299.5, 59.5], [0, 1], 4), [299.5, 59.5]);
});

test("lengths are in mm where pixels have a size, along each axis its own", () => {
  equal(geometry.lengthText(sagittal, [0, 0, 10, 0]), "7 mm");
  equal(geometry.lengthText(sagittal, [0, 0, 0, 10]), "50 mm");
  equal(geometry.lengthText({ ...square, row_mm: 1, column_mm: 1 }, [1, 1, 4, 5]), "5 mm");
  equal(geometry.lengthText({ ...square, calibrated: false }, [0, 0, 30, 40]), "50 px");
});

test("the scale bar is the longest that fits a quarter of the stage", () => {
  equal(geometry.scaleBarMm(1, 400), 100);
  equal(geometry.scaleBarMm(1.01, 400), 50);
  equal(geometry.scaleBarMm(30, 400), 2);
  equal(geometry.scaleBarMm(1000, 400), 1); // never none
});

test("the letters of the sides change places where the picture is mirrored", () => {
  const axial = { letters: ["R", "L", "A", "P"] };
  equal(geometry.sideLetters(axial, [1, 1]), ["R", "L", "A", "P"]);
  equal(geometry.sideLetters(axial, [-1, 1]), ["L", "R", "A", "P"]);
  equal(geometry.sideLetters(axial, [1, -1]), ["R", "L", "P", "A"]);
  equal(geometry.sideLetters({ letters: null }, [1, 1]), ["", "", "", ""]);
});
