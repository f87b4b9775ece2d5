// The view as a PNG: picture, outlines, labels, scale bar, sides, slice and window; nothing that names a file or person.

import { make } from "../../browser/js/dom.js";
import { drawScene } from "./drawing.js";
import { sideLetters } from "./geometry.js";

const RATIO = 2, FONT = "600 13px system-ui, sans-serif", SIDE_COLOUR = "#ffd479", WORDS_COLOUR = "#d7e3ea", EDGE = 8, LINE = 17, KEEP_MS = 60_000;
const UNSEEN = { width: 800, height: 800 }; // CSS pixels, of a stage that another part of the page hides

// Draw a scene into a canvas of its own, with what else stands on the stage: lines of `words`, `sides` left, right, top, bottom.
function pictureOf(scene, { words, sides }) {
  const canvas = document.createElement("canvas"), { width, height } = scene.stage;
  drawScene(canvas, { ...scene, ratio: RATIO, marks: {} });
  const context = canvas.getContext("2d");
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  context.globalCompositeOperation = "source-over";
  Object.assign(context, { font: FONT, fillStyle: SIDE_COLOUR, textBaseline: "middle" });
  const [left, right, top, bottom] = sides;
  for (const [letter, x, y, align] of [[left, EDGE, height / 2, "left"], [right, width - EDGE, height / 2, "right"], [top, width / 2, 2 * EDGE, "center"], [bottom, width / 2, height - 2 * EDGE, "center"]]) {
    context.textAlign = align;
    context.fillText(letter, x, y);
  }
  Object.assign(context, { fillStyle: WORDS_COLOUR, textAlign: "left" });
  words.forEach((line, i) => context.fillText(line, EDGE, (i + 1) * LINE));
  return canvas;
}

// Save what the viewer shows; false where it is not painted yet.
export function savePicture(viewer) {
  const { series, view, picture, state, hidden, size } = viewer;
  if (picture.shown !== view.slice) return false;
  const words = [`slice ${view.slice + 1} / ${series.slices}`, `W ${Math.round(view.width)} L ${Math.round(view.level)}`];
  const canvas = pictureOf({ series, view, state, picture, hidden, stage: size.width ? size : UNSEEN }, { words, sides: sideLetters(series, view.mirror) });
  canvas.toBlob((blob) => {
    const link = make("a");
    Object.assign(link, { href: URL.createObjectURL(blob), download: `ct-slice-${view.slice + 1}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
  }, "image/png");
  viewer.say("The picture was saved as a PNG, with outlines and scale bar.");
  return true;
}
