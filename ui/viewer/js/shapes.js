// Shapes that are drawn on the picture: lengths, angles, boxes, ellipses and lines by hand. Pure; points in image
// coordinates.

import { decimal, distance } from "../../browser/js/numbers.js";
import { lengthText } from "./geometry.js";

const ELLIPSE_POINTS = 48, MAX_POINTS = 300;

// How many points make a shape; a line by hand ends where it is closed.
export const POINTS = { ruler: 2, angle: 3, box: 2, ellipse: 2, freehand: Infinity };

// Whether a tool draws an outline, which becomes a region.
export const isOutline = (tool) => tool === "ellipse" || tool === "freehand" || tool === "box";

// The ellipse that touches the box between two corners.
export function ellipsePoints([[x0, y0], [x1, y1]]) {
  return Array.from({ length: ELLIPSE_POINTS }, (_, i) => {
    const turn = (2 * Math.PI * i) / ELLIPSE_POINTS;
    return [(x0 + x1) / 2 + (Math.abs(x1 - x0) / 2) * Math.cos(turn), (y0 + y1) / 2 + (Math.abs(y1 - y0) / 2) * Math.sin(turn)];
  });
}

// At most so many points of a line, evenly chosen, none twice in a row.
export function thinned(points, most = MAX_POINTS) {
  const apart = points.filter((point, i) => !i || distance(point, points[i - 1]) > 0), step = Math.max(1, apart.length / most);
  return Array.from({ length: Math.min(apart.length, most) }, (_, i) => apart[Math.floor(i * step)]);
}

// What a length or an angle measures so far, in words; empty where it measures nothing.
export function shapeText(series, tool, points) {
  if (tool === "ruler" && points.length === 2) return lengthText(series, points.flat());
  if (tool === "angle" && points.length === 3 && series.calibrated) return `${decimal(angle(series, points))}°`;
  return "";
}

// Degrees at the middle one of three points.
function angle({ column_mm: across, row_mm: down }, [a, vertex, b]) {
  const [u, v] = [a, b].map(([x, y]) => [(x - vertex[0]) * across, (y - vertex[1]) * down]);
  const cosine = (u[0] * v[0] + u[1] * v[1]) / (Math.hypot(...u) * Math.hypot(...v));
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
