// Pure geometry of the map. A `lens` is how it is looked at: zoom (1: the whole map fits) and how far it is moved, in
// pixels. `size` has width and height in CSS pixels. A point has x to the right and y upwards.

import { clamp } from "../../browser/js/numbers.js";

const MARGIN_PX = 18, MAX_ZOOM = 40, REACH_PX = 14, HIT_BONUS_PX = 3;

export const WHOLE_MAP = { zoom: 1, x: 0, y: 0 };

// A function from points to pixels, so that all `points` fit the map with a margin.
export function projection(points, size, lens) {
  const range = (axis) => points.reduce(([low, high], point) => [Math.min(low, point[axis]), Math.max(high, point[axis])], [Infinity, -Infinity]);
  const [left, right] = range("x"), [low, high] = range("y");
  const k = lens.zoom * Math.min((size.width - 2 * MARGIN_PX) / (right - left || 1), (size.height - 2 * MARGIN_PX) / (high - low || 1));
  return (point) => [
    size.width / 2 + lens.x + (point.x - (left + right) / 2) * k,
    size.height / 2 + lens.y - (point.y - (low + high) / 2) * k,
  ];
}

// The lens enlarged by `factor`; what lies at pixel `at` stays there, and a whole map lies in the middle.
export function zoomedLens(lens, size, factor, at) {
  const zoom = clamp(lens.zoom * factor, 1, MAX_ZOOM), k = zoom / lens.zoom;
  if (zoom === 1) return WHOLE_MAP;
  const x = at[0] - size.width / 2, y = at[1] - size.height / 2;
  return { zoom, x: x - (x - lens.x) * k, y: y - (y - lens.y) * k };
}

// The lens moved by so many pixels, never off the map.
export function movedLens(lens, size, dx, dy) {
  const farX = (size.width * (lens.zoom - 1)) / 2, farY = (size.height * (lens.zoom - 1)) / 2;
  return { ...lens, x: clamp(lens.x + dx, -farX, farX), y: clamp(lens.y + dy, -farY, farY) };
}

// The spot within reach of a pixel, or null; hits, which have a rank, are easier to catch. Of equals the later, which
// is drawn on top.
export function nearestSpot(spots, [x, y]) {
  let best = null, least = REACH_PX;
  for (const spot of spots) {
    const away = Math.hypot(spot.at[0] - x, spot.at[1] - y) - (spot.rank ? HIT_BONUS_PX : 0);
    if (away <= least) {
      least = away;
      best = spot;
    }
  }
  return best;
}

// The rank (from 1) that an arrow key leads to; the first hit when none is pointed at.
export function nextRank(rank, step, count) {
  return rank ? ((rank - 1 + step + count) % count) + 1 : 1;
}
