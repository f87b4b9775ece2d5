// Everything on the stage's canvas: the slice, and over it regions, ruler, cross-hair and scale bar.

import * as geometry from "./geometry.js";
import { labelPlaces, leader } from "./labels.js";
import { ellipsePoints, shapeText } from "./shapes.js";
import { colourOf } from "./state.js";

const LABEL_FONT = "600 12px system-ui, sans-serif", LABEL_HEIGHT = 15, LABEL_BASE = 12, RULER_COLOUR = "#ffe45c", WHITE = "#fff", HANDLE_PX = 6;
const LINKED = "rgb(127 231 224 / 75%)", SHADOW = "rgb(0 0 0 / 70%)", LABEL_SHADOW = "rgb(0 0 0 / 85%)", BAR_SHADOW = "rgb(0 0 0 / 80%)";

// `scene`: stage {width, height} in CSS pixels, ratio (device pixels in one of them), series, view, state, marks
// {draft, pending, shape, cross, cursor, chosen, lines}, picture, hidden (what is not drawn), and broken (the slice cannot be
// shown).
export function drawScene(canvas, scene) {
  const { stage, ratio, series, view, state, marks, picture } = scene;
  const width = Math.round(stage.width * ratio), height = Math.round(stage.height * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = new Pen(canvas.getContext("2d"), scene);
  pen.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.context.clearRect(0, 0, stage.width, stage.height);
  if (picture.shown >= 0 && !scene.broken) pen.picture(picture.canvas);
  if (picture.shown === view.slice && !scene.hidden.has("outlines"))
    for (const region of state.regions) {
      if (region.slice_index === view.slice) pen.region(region, region.region_id === state.selected);
      else if (view.slice in region.volume_outlines) pen.volumeOutline(region, region.volume_outlines[view.slice]);
    }
  if (marks.draft) pen.draft(marks.draft);
  if (marks.pending && marks.pending.slice === view.slice) pen.pending(marks.pending.spot);
  if (!scene.hidden.has("rulers"))
    for (const each of state.annotations) if (each.slice_index === view.slice) pen.annotation(each, each.annotation_id === marks.chosen);
  for (const shape of [marks.sent, marks.shape]) if (shape && shape.slice === view.slice) pen.shape(shape, shape === marks.shape && (marks.cross || marks.cursor));
  if (!scene.hidden.has("labels")) pen.labels();
  if (marks.lines) pen.lines(marks.lines);
  if (marks.cross) pen.cross(marks.cross);
  if (series.calibrated) pen.scaleBar();
}

class Pen {
  constructor(context, { stage, series, view }) {
    Object.assign(this, { context, stage, series, view });
    this.wanted = []; // labels, the chosen region's first
  }

  at(spot) {
    return geometry.toScreen(this.series, this.view, this.stage, spot);
  }

  // A path through points of the image.
  path(points) {
    this.context.beginPath();
    points.forEach((spot, i) => (i ? this.context.lineTo(...this.at(spot)) : this.context.moveTo(...this.at(spot))));
  }

  line([x0, y0, x1, y1]) {
    this.path([[x0, y0], [x1, y1]]);
    this.context.stroke();
  }

  style(colour, width, dash = []) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = width;
    this.context.setLineDash(dash);
  }

  label(text, x, y, colour) {
    this.context.font = LABEL_FONT;
    this.style(LABEL_SHADOW, 3);
    this.context.strokeText(text, x, y);
    this.context.fillStyle = colour;
    this.context.fillText(text, x, y);
  }

  picture(source) {
    const [x0, y0] = this.at([0, 0]), [x1, y1] = this.at([this.series.columns, this.series.rows]);
    this.context.save();
    this.context.imageSmoothingEnabled = true;
    this.context.imageSmoothingQuality = "high";
    this.context.translate(x0, y0);
    this.context.scale(Math.sign(x1 - x0), Math.sign(y1 - y0)); // a picture of negative width would not be mirrored
    this.context.drawImage(source, 0, 0, Math.abs(x1 - x0), Math.abs(y1 - y0));
    this.context.restore();
  }

  region(region, selected) {
    const colour = colourOf(region), dash = region.suggested ? [6, 4] : region.mark ? [2, 4] : [];
    for (const [stroke, extra] of [[SHADOW, 2], [colour, 0]]) {
      this.style(stroke, (selected ? 2 : 1.5) + extra, dash);
      this.path(region.outline);
      this.context.closePath();
      this.context.stroke();
    }
    if (selected && !region.suggested) {
      this.style(colour, 1.2);
      this.line(region.long_axis);
      this.line(region.short_axis);
      this.context.fillStyle = colour;
      for (const corner of geometry.boxCorners(region.box)) {
        const [x, y] = this.at(corner);
        this.context.fillRect(x - HANDLE_PX / 2, y - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX);
      }
    }
    const words = `${region.name || region.region_id}${selected ? "  " + region.size : ""}${region.mark ? ` (${region.mark})` : ""}`;
    const [x0, y0, x1, y1] = region.box;
    this.want(words, [...this.at([x0, y0]), ...this.at([x1, y1])], colour, selected);
  }

  // What a region's volume takes from another slice than its own.
  volumeOutline(region, outline) {
    for (const [stroke, width] of [[SHADOW, 3], [colourOf(region), 1.2]]) {
      this.style(stroke, width, [3, 3]);
      this.path(outline);
      this.context.closePath();
      this.context.stroke();
    }
    const [xs, ys] = [0, 1].map((axis) => outline.map((spot) => spot[axis]));
    const [low, high] = [Math.min, Math.max].map((end) => [end(...xs), end(...ys)]);
    this.want(`${region.name || region.region_id} (volume)`, [...this.at(low), ...this.at(high)], colourOf(region));
  }

  // A label beside a box on the screen, drawn when all are known.
  want(words, anchor, colour, first = false) {
    this.context.font = LABEL_FONT;
    const [[x0, x1], [y0, y1]] = [[anchor[0], anchor[2]], [anchor[1], anchor[3]]].map((pair) => pair.sort((a, b) => a - b));
    const label = { words, anchor: [x0, y0, x1, y1], colour, width: this.context.measureText(words).width, height: LABEL_HEIGHT };
    if (first) this.wanted.unshift(label);
    else this.wanted.push(label);
  }

  labels() {
    labelPlaces(this.wanted, this.stage).forEach((place, i) => {
      const { words, colour } = this.wanted[i], line = leader(place, this.wanted[i]);
      if (line) {
        this.style(colour, 1);
        this.context.beginPath();
        this.context.moveTo(line[0], line[1]);
        this.context.lineTo(line[2], line[3]);
        this.context.stroke();
      }
      this.label(words, place[0], place[1] + LABEL_BASE, colour);
    });
  }

  draft(box) {
    const [x0, y0] = this.at([box[0], box[1]]), [x1, y1] = this.at([box[2], box[3]]);
    this.style(WHITE, 1.5, [5, 3]);
    this.context.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
  }

  // Where the server is outlining something now.
  pending(spot) {
    this.style(WHITE, 2, [3, 4]);
    this.context.beginPath();
    this.context.arc(...this.at(spot), 10, 0, 2 * Math.PI);
    this.context.stroke();
  }

  // A length or an angle that was kept.
  annotation({ annotation_id: id, name, kind, points, size }, chosen) {
    this.measuringLine(points, chosen ? 3 : 2);
    this.want(`${name || id}  ${size}`, this.around(points), RULER_COLOUR, chosen);
    if (kind === "angle") this.arc(points);
  }

  // What is being drawn, up to the `cursor`; without one as far as it is known.
  shape({ tool, points, closed }, cursor) {
    const known = cursor && !closed ? [...points, cursor] : points;
    if (tool === "ruler" || tool === "angle") {
      this.measuringLine(known, 2);
      const words = shapeText(this.series, tool, known);
      if (words) this.want(words, this.around(known), RULER_COLOUR);
    } else if (tool === "freehand") {
      this.style(WHITE, 1.5);
      this.path(known);
      this.context.stroke();
    } else if (known.length === 2) {
      if (tool === "box") this.draft(known.flat());
      else {
        this.style(WHITE, 1.5, [5, 3]);
        this.path(ellipsePoints(known));
        this.context.closePath();
        this.context.stroke();
      }
    }
  }

  measuringLine(points, width) {
    for (const [colour, extra] of [[SHADOW, 2], [RULER_COLOUR, 0]]) {
      this.style(colour, width + extra);
      this.path(points);
      this.context.stroke();
    }
    this.context.fillStyle = RULER_COLOUR;
    for (const point of points) {
      const [x, y] = this.at(point);
      this.context.fillRect(x - 2, y - 2, 4, 4);
    }
  }

  arc(points) {
    const [a, vertex, b] = points.map((point) => this.at(point));
    const [from, to] = [a, b].map(([x, y]) => Math.atan2(y - vertex[1], x - vertex[0]));
    this.style(RULER_COLOUR, 1.2);
    this.context.beginPath();
    this.context.arc(...vertex, 16, from, to, (to - from + 2 * Math.PI) % (2 * Math.PI) > Math.PI);
    this.context.stroke();
  }

  // The box on the screen around the last point, beside which its words stand.
  around(points) {
    const [x, y] = this.at(points.at(-1));
    return [x - 4, y - 4, x + 4, y + 4];
  }

  // The cross-hair that is linked to other planes.
  lines(spot) {
    const [x, y] = this.at(spot), { width, height } = this.stage;
    this.style(LINKED, 1, [6, 5]);
    for (const [x0, y0, x1, y1] of [[0, y, width, y], [x, 0, x, height]]) {
      this.context.beginPath();
      this.context.moveTo(x0, y0);
      this.context.lineTo(x1, y1);
      this.context.stroke();
    }
  }

  cross(spot) {
    const [x, y] = this.at(spot);
    this.style(WHITE, 1);
    for (const [dx, dy] of [[14, 0], [0, 14]]) {
      this.context.beginPath();
      this.context.moveTo(x - dx, y - dy);
      this.context.lineTo(x + dx, y + dy);
      this.context.stroke();
    }
  }

  scaleBar() {
    const k = geometry.scaleOf(this.series, this.view, this.stage), mm = geometry.scaleBarMm(k, this.stage.width);
    const x = this.stage.width / 2 - (mm * k) / 2, y = this.stage.height - 26;
    for (const [colour, width] of [[BAR_SHADOW, 5], [WHITE, 2]]) {
      this.style(colour, width);
      this.context.beginPath();
      this.context.moveTo(x, y - 4);
      for (const [across, down] of [[0, 0], [mm * k, 0], [mm * k, -4]]) this.context.lineTo(x + across, y + down);
      this.context.stroke();
    }
    this.label(mm >= 10 ? `${mm / 10} cm` : `${mm} mm`, x + mm * k + 6, y + 1, WHITE);
  }
}
