// What links the panes beside the picture to it: one point of the volume, or one position in mm. Pure.
//
// A point is [slice, row, column] of the volume, continuous: voxel i covers i to i+1. A plane has axes (of those three,
// the one through it, down and across), flipped (those that run the other way), slices, rows and columns.

import { clamp } from "../../browser/js/numbers.js";

const counts = (plane) => [plane.slices, plane.rows, plane.columns];

// Where a point of the volume lies in a plane: its slice, and the spot [across, down] on it.
export function inPlane(plane, point) {
  const [through, down, across] = plane.axes.map((axis, place) => (plane.flipped[place] ? counts(plane)[place] - point[axis] : point[axis]));
  return { slice: clamp(Math.floor(through), 0, plane.slices - 1), spot: [across, down] };
}

// The point of the volume under a spot of a plane's slice, kept inside.
export function ofPlane(plane, slice, [across, down]) {
  const point = [0, 0, 0];
  [slice + 0.5, down, across].forEach((value, place) => {
    const inside = clamp(value, 0.01, counts(plane)[place] - 0.01);
    point[plane.axes[place]] = plane.flipped[place] ? counts(plane)[place] - inside : inside;
  });
  return point;
}

// The slice that lies nearest to a position in mm.
export function nearestSlice(positions, mm) {
  let nearest = 0;
  positions.forEach((position, slice) => { if (Math.abs(position - mm) < Math.abs(positions[nearest] - mm)) nearest = slice; });
  return nearest;
}

// Positions of a series' slices: as the file states them, else a guess of 1 mm from one to the next.
export const positionsOf = (series) => (series.positions_mm.length ? series.positions_mm : Array.from({ length: series.slices }, (_, slice) => slice));

// By how many mm another series is shifted at first: not at all where both lie in one place of one examination, else so
// that their middles lie side by side.
export function firstOffset(here, there, sameStudy) {
  const [a, b] = [here, there].map((positions) => [Math.min(...positions), Math.max(...positions)]);
  const shared = Math.min(a[1], b[1]) - Math.max(a[0], b[0]);
  if (sameStudy && shared > 0) return 0;
  return (b[0] + b[1]) / 2 - (a[0] + a[1]) / 2;
}
