import { close, equal, ok, test } from "../../../js/harness.js";
import { labelPlaces, leader, overlap } from "../../../../ui/viewer/js/labels.js";

const stage = { width: 500, height: 388 };
const label = (x0, y0, x1, y1, width = 90, height = 15) => ({ anchor: [x0, y0, x1, y1], width, height });
const boxes = (wanted, places) => places.map(([left, top], i) => [left, top, left + wanted[i].width, top + wanted[i].height]);

test("a label alone stands right of the upper right corner", () => {
  equal(labelPlaces([label(100, 100, 140, 130)], stage), [[146, 85]]);
});

test("a label is kept on the stage", () => {
  for (const [x, y] of [[-50, -50], [490, 380], [490, -20], [-80, 500]]) {
    const wanted = [label(x, y, x + 20, y + 20)], [[left, top, right, bottom]] = boxes(wanted, labelPlaces(wanted, stage));
    ok(left >= 0 && top >= 0 && right <= stage.width && bottom <= stage.height, `${x}, ${y}`);
  }
});

test("labels of crowded regions cover none of each other", () => {
  for (let seed = 1; seed <= 50; seed++) {
    let state = seed;
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    const wanted = Array.from({ length: 10 }, () => {
      const x = 150 + 150 * random(), y = 120 + 120 * random();
      return label(x, y, x + 5 + 25 * random(), y + 5 + 25 * random(), 30 + 90 * random());
    });
    const places = boxes(wanted, labelPlaces(wanted, stage));
    for (let i = 0; i < places.length; i++) for (let j = 0; j < i; j++) equal(overlap(places[i], places[j]), 0);
  }
});

test("the first of them keeps the best place, and what is taken stays free", () => {
  const [first, second] = [label(100, 100, 140, 130), label(102, 101, 138, 131)];
  equal(labelPlaces([first, second], stage)[0], labelPlaces([first], stage)[0]);
  ok(labelPlaces([first], stage, [[140, 80, 250, 105]])[0][1] !== 85, "gives way");
});

test("a label that stands far away is joined to its region by a line", () => {
  equal(leader([146, 85], label(100, 100, 140, 130)), null);
  close(leader([200, 40], label(100, 100, 140, 130)), [200, 55, 140, 100]);
});
