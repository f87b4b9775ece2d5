// Where words on the picture stand, so that none covers another. Pure; all in CSS pixels on the stage.

import { clamp } from "../../browser/js/numbers.js";

const GAP = 6, ROUNDS = 7, FAR = 22;

// `wanted` are {anchor: [x0, y0, x1, y1], width, height}, the most important first; gives each one's [left, top], kept
// on the stage: beside its anchor where that is free, else as near as it goes. `taken` are boxes to keep free.
export function labelPlaces(wanted, stage, taken = []) {
  const placed = [...taken];
  return wanted.map(({ anchor, width, height }) => {
    let best = null, least = Infinity;
    for (const [left, top] of candidates(anchor, width, height)) {
      const x = clamp(left, 4, Math.max(4, stage.width - width - 4)), y = clamp(top, 2, Math.max(2, stage.height - height - 2));
      const box = [x, y, x + width, y + height], covered = placed.reduce((sum, other) => sum + overlap(box, other), 0);
      if (covered >= least) continue;
      [best, least] = [box, covered];
      if (!covered) break;
    }
    placed.push(best);
    return [best[0], best[1]];
  });
}

// Right and left of the corners, above and below the middle; then farther and farther away.
function* candidates([x0, y0, x1, y1], width, height) {
  for (let round = 0; round < ROUNDS; round++) {
    const away = round * (height + 2), right = x1 + GAP, left = x0 - GAP - width, middle = (x0 + x1 - width) / 2;
    yield [right, y0 - height - away];
    yield [right, y1 + away];
    yield [left, y0 - height - away];
    yield [left, y1 + away];
    yield [middle, y0 - height - GAP - away];
    yield [middle, y1 + GAP + away];
  }
}

export function overlap([ax0, ay0, ax1, ay1], [bx0, by0, bx1, by1]) {
  return Math.max(0, Math.min(ax1, bx1) - Math.max(ax0, bx0)) * Math.max(0, Math.min(ay1, by1) - Math.max(ay0, by0));
}

// The line from a label that stands far from its anchor to the nearest point of it; null where it stands beside.
export function leader([left, top], { anchor: [x0, y0, x1, y1], width, height }) {
  const to = [clamp(left + width / 2, x0, x1), clamp(top + height / 2, y0, y1)];
  const from = [clamp(to[0], left, left + width), clamp(to[1], top, top + height)];
  return Math.hypot(to[0] - from[0], to[1] - from[1]) > FAR ? [...from, ...to] : null;
}
