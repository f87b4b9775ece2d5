import { close, equal, ok, test } from "../../../js/harness.js";
import { ellipsePoints, shapeText, thinned } from "../../../../ui/viewer/js/shapes.js";
import { listText } from "../../../../ui/viewer/js/words.js";

const series = { columns: 512, rows: 512, column_mm: 0.5, row_mm: 1, calibrated: true };

test("an ellipse touches the box between two corners, whichever they are", () => {
  for (const corners of [[[10, 20], [50, 40]], [[50, 20], [10, 40]], [[50, 40], [10, 20]]]) {
    const points = ellipsePoints(corners), [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
    close([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)], [10, 50, 20, 40], 1e-9);
  }
});

test("a long line keeps its shape in fewer points, none twice in a row", () => {
  const line = Array.from({ length: 1000 }, (_, i) => [Math.floor(i / 2), 7]), kept = thinned(line, 100);
  equal(kept.length, 100);
  ok(kept.every((point, i) => !i || point[0] > kept[i - 1][0]), "in order");
  ok(kept[99][0] > 490, "to its end");
  equal(thinned([[1, 1], [1, 1], [2, 2]]), [[1, 1], [2, 2]]);
});

test("lengths and angles are measured in mm along each axis", () => {
  equal(shapeText(series, "ruler", [[0, 0], [6, 4]]), "5 mm");
  equal(shapeText(series, "angle", [[20, 0], [0, 0], [0, 10]]), "90°");
  equal(shapeText(series, "angle", [[20, 0], [0, 0], [20, 10]]), "45°");
  equal(shapeText({ ...series, calibrated: false }, "angle", [[20, 0], [0, 0], [20, 10]]), "");
  equal(shapeText(series, "ruler", [[0, 0]]), "");
});

test("the list is copied a line each, in plain words", () => {
  const region = { region_id: "R1", name: "left one", slice_index: 2, size: "12.0 × 9.1 mm", mark: "outline unsure", density: "40 ± 9 HU" };
  const length = { annotation_id: "M1", name: "", slice_index: 4, kind: "length", size: "31.5 mm" };
  equal(listText({ title: "A CT", regions: [region], annotations: [length] }).split("\n"), [
    "A CT", "R1 (left one): slice 3, 12.0 × 9.1 mm (outline unsure), 40 ± 9 HU", "M1: slice 5, length 31.5 mm",
  ]);
});
