import { close, equal, test } from "../../../js/harness.js";
import { clamp, decimal, distance, pinch } from "../../../../ui/browser/js/numbers.js";

test("a number is kept within its bounds", () => {
  equal([clamp(5, 0, 3), clamp(-5, 0, 3), clamp(2, 0, 3)], [3, 0, 2]);
});

test("a distance is Euclid's", () => {
  close(distance([1, 1], [4, 5]), 5);
});

test("two fingers that part enlarge around their middle and move by half the way", () => {
  close(pinch([100, 100], [120, 100], [80, 100]), { dx: 10, dy: 0, factor: 2, centre: [100, 100] }, 1e-9);
});

test("fingers in one place do not enlarge without end", () => {
  close(pinch([50, 50], [53, 54], [50, 50]).factor, 5);
});

test("zeros at the end of a number are left out", () => {
  equal([decimal(12), decimal(12.34), decimal(-0.04), decimal(12.345, 2), decimal(12.6, 0)], ["12", "12.3", "0", "12.35", "13"]);
});
