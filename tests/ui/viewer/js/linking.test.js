import { equal, ok, test } from "../../../js/harness.js";
import { firstOffset, inPlane, nearestSlice, ofPlane, positionsOf } from "../../../../ui/viewer/js/linking.js";

// a coronal plane of 4 slices of 5 × 6: through the rows, down against the slices, across the columns
const CORONAL = { axes: [1, 0, 2], flipped: [false, true, false], slices: 5, rows: 4, columns: 6 };

test("a point of the volume lies in another plane where its voxel does", () => {
  equal(inPlane(CORONAL, [0.5, 2.5, 3.5]), { slice: 2, spot: [3.5, 3.5] }); // the lowest slice is the lowest row
  equal(inPlane(CORONAL, [3.5, 4.5, 0]), { slice: 4, spot: [0, 0.5] });
});

test("there and back again is the same point", () => {
  for (const point of [[0.5, 0.5, 0.5], [3.2, 4.9, 5.1], [1, 2, 3]]) {
    const { slice, spot } = inPlane(CORONAL, point), back = ofPlane(CORONAL, slice, spot);
    equal([back[0], back[2]].map((value) => value.toFixed(6)), [point[0], point[2]].map((value) => value.toFixed(6)));
    ok(Math.floor(back[1]) === Math.floor(point[1]), "the same slice of the plane");
  }
});

test("a spot beside the plane is brought inside", () => {
  const [slice, , column] = ofPlane(CORONAL, 0, [-5, 99]);
  ok(slice >= 0 && slice < 4 && column >= 0 && column < 6, "inside");
});

test("slices follow by their position", () => {
  equal(nearestSlice([0, 5, 10, 15], 11), 2);
  equal(nearestSlice([15, 10, 5, 0], 11), 1);
  equal(nearestSlice([0, 5], 99), 1);
  equal(positionsOf({ positions_mm: [], slices: 3 }), [0, 1, 2]);
});

test("series of one examination begin at one place, others with their middles side by side", () => {
  equal(firstOffset([0, 100], [50, 200], true), 0);
  equal(firstOffset([0, 100], [50, 250], false), 100);
  equal(firstOffset([0, 100], [500, 600], true), 500);
});
