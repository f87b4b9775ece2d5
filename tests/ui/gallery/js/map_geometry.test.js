import { close, equal, test } from "../../../js/harness.js";
import { movedLens, nearestSpot, nextRank, projection, WHOLE_MAP, zoomedLens } from "../../../../ui/gallery/js/map_geometry.js";

const size = { width: 636, height: 436 }, points = [{ x: -3, y: 0 }, { x: 3, y: 2 }, { x: 0, y: -2 }];

test("all points fit with a margin, and up is up", () => {
  const place = projection(points, size, WHOLE_MAP);
  close(place(points[0]), [18, 218]);
  close(place(points[1]), [618, 18]);
  close(place(points[2]), [318, 418]);
});

test("points in one place lie in the middle", () => {
  close(projection([{ x: 5, y: 5 }, { x: 5, y: 5 }], size, WHOLE_MAP)({ x: 5, y: 5 }), [318, 218]);
});

test("zooming keeps the point under the pointer", () => {
  const at = projection(points, size, WHOLE_MAP)(points[1]), lens = zoomedLens(WHOLE_MAP, size, 2.5, at);
  close(projection(points, size, lens)(points[1]), at, 1e-9);
  close(projection(points, size, zoomedLens(lens, size, 1.5, at))(points[1]), at, 1e-9);
});

test("zooming out ends at the whole map, in at 40 times", () => {
  const lens = zoomedLens(WHOLE_MAP, size, 3, [10, 10]);
  equal(zoomedLens(lens, size, 0.1, [500, 100]), WHOLE_MAP);
  equal(zoomedLens(lens, size, 0, [500, 100]), WHOLE_MAP);
  equal(zoomedLens(lens, size, 1e9, [0, 0]).zoom, 40);
});

test("the map is not moved out of sight, and a whole one not at all", () => {
  close(movedLens({ zoom: 2, x: 0, y: 0 }, size, 50, -1e6), { zoom: 2, x: 50, y: -218 });
  close(movedLens(WHOLE_MAP, size, 50, 50), WHOLE_MAP);
});

test("the nearest spot within reach is caught, hits more easily, the upper of two", () => {
  const spots = [{ rank: 0, at: [100, 100] }, { rank: 1, at: [120, 100] }, { rank: 0, at: [100, 100] }];
  equal(nearestSpot(spots, [109, 100]), spots[1]); // 9 from a dot, 11 - 3 from a hit
  equal(nearestSpot(spots, [137, 100]), spots[1]);
  equal(nearestSpot(spots, [100, 90]) === spots[2], true);
  equal(nearestSpot(spots, [100, 200]), null);
  equal(nearestSpot([], [0, 0]), null);
});

test("arrow keys walk round the hits and begin at the first", () => {
  equal([nextRank(0, 1, 5), nextRank(0, -1, 5)], [1, 1]);
  equal([nextRank(1, 1, 5), nextRank(5, 1, 5), nextRank(1, -1, 5)], [2, 1, 5]);
  equal(nextRank(1, 1, 1), 1);
});
