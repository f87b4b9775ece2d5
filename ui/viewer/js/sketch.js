// Drawing on the picture: lengths, angles, boxes, ellipses and lines by hand, by dragging or point by point.

import { onImage, wholePixels } from "./geometry.js";
import { ellipsePoints, isOutline, POINTS, shapeText, thinned } from "./shapes.js";

// What is being drawn is `marks.shape`: tool, slice, points, whether it is being dragged, and whether it is `closed`,
// so that it does not follow the cursor.
export class Sketch {
  constructor(viewer) {
    this.viewer = viewer;
  }

  // A drag of a drawing tool from `start` that has come to `spot`.
  stretch(start, spot) {
    const { marks, tool, view } = this.viewer, open = marks.shape;
    if (tool === "angle" && open && open.points.length === 2 && !open.dragged) return; // its last leg follows the cursor
    if (tool === "freehand" && open && open.dragged) open.points.push(spot);
    else marks.shape = { tool, slice: view.slice, points: [start, spot], dragged: true, closed: true };
  }

  // The end of such a drag.
  release(spot) {
    const { shape } = this.viewer.marks;
    if (!shape) return;
    if (shape.tool === "angle" && shape.dragged) Object.assign(shape, { dragged: false, closed: false });
    else if (shape.dragged) this.finish();
    else this.place(spot);
  }

  // Set one point: by a click or with Enter. What needs no more points is finished; a line by hand, at its last point
  // once more.
  place(spot) {
    const { marks, tool, view, series } = this.viewer;
    if (!(tool in POINTS)) {
      this.viewer.pick(spot);
      return;
    }
    if (!onImage(series, spot)) return;
    if (!marks.shape || marks.shape.slice !== view.slice) marks.shape = { tool, slice: view.slice, points: [] };
    const { points } = marks.shape, last = points.at(-1), again = last && last[0] === spot[0] && last[1] === spot[1];
    if (!again) points.push(spot);
    if (points.length >= POINTS[tool] || (again && points.length > 2)) this.finish();
    this.viewer.draw();
  }

  finish() {
    const { viewer } = this, { marks, series } = viewer, { tool, slice, points } = marks.shape;
    marks.sent = { ...marks.shape, closed: true };
    marks.shape = null;
    if (tool === "box") viewer.act("box", { slice_index: slice, box: wholePixels(points.flat()) });
    else if (isOutline(tool)) viewer.act("outline", { slice_index: slice, points: tool === "ellipse" ? ellipsePoints(points) : thinned(points) });
    else {
      viewer.act("annotate", { slice_index: slice, points });
      const words = shapeText(series, tool, points);
      if (words) viewer.say(`${tool === "ruler" ? "Distance" : "Angle"} ${words}.`);
    }
    if (isOutline(tool)) viewer.setTool("point");
  }
}
