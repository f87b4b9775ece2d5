// Keys on the stage.

import { grownBox, movedBox, steppedPixel } from "./geometry.js";

const NUDGE_MS = 400, CROSS_STEP_PX = 4, ZOOM_STEP = 1.25;
const DIRECTIONS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const SLICE_STEPS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
const TOOLS = { w: "point", b: "box", o: "ellipse", d: "freehand", m: "ruler", a: "angle", p: "pan" };

// What a plain key does; looked up in lower case.
const COMMANDS = {
  home: (viewer) => viewer.goTo(0),
  end: (viewer) => viewer.goTo(viewer.series.slices - 1),
  n: (viewer) => viewer.nextRegion(),
  delete: (viewer) => viewer.removeSelected(),
  backspace: (viewer) => viewer.removeSelected(),
  escape: (viewer) => {
    if (!viewer.marks.shape && viewer.help.hidden) viewer.enlarge(false);
    viewer.clearMarks();
    viewer.toggleHelp(false);
    viewer.draw();
  },
  i: (viewer) => viewer.invert(),
  h: (viewer) => viewer.mirror(0),
  v: (viewer) => viewer.mirror(1),
  e: (viewer) => viewer.enlarge(),
  c: (viewer) => viewer.copyList(),
  x: (viewer) => viewer.panes.toggle(),
  s: (viewer) => viewer.savePicture(),
  f: (viewer) => viewer.fit(),
  0: (viewer) => viewer.fit(),
  "+": (viewer) => viewer.zoomAt(ZOOM_STEP),
  "=": (viewer) => viewer.zoomAt(ZOOM_STEP),
  "-": (viewer) => viewer.zoomAt(1 / ZOOM_STEP),
  " ": (viewer) => viewer.cine.toggle(),
  "?": (viewer) => viewer.toggleHelp(),
};

export function listenToKeys(viewer) {
  const nudge = new Nudge(viewer);
  viewer.stage.addEventListener("keydown", (event) => {
    if (!viewer.view || event.altKey) return;
    const pressed = DIRECTIONS[event.key], direction = pressed && pressed.map((step, axis) => step * viewer.view.mirror[axis]);
    const used = event.ctrlKey || event.metaKey ? direction && nudge.by(direction, event.shiftKey) : press(viewer, event, direction);
    if (used) event.preventDefault();
  });
}

// Whether the key meant something.
function press(viewer, event, direction) {
  const key = event.key.toLowerCase();
  if (event.shiftKey && direction) moveCross(viewer, direction);
  else if (event.key in SLICE_STEPS) viewer.goTo(viewer.view.slice + SLICE_STEPS[event.key]);
  else if (/^[1-9]$/.test(key) && viewer.presets[key - 1]) viewer.setPreset(key - 1);
  else if (key === "enter" && viewer.marks.cross) viewer.sketch.place(viewer.marks.cross);
  else if (key in TOOLS) viewer.setTool(TOOLS[key]);
  else if (key in COMMANDS) COMMANDS[key](viewer);
  else return false;
  return true;
}

function moveCross(viewer, direction) {
  const { marks, series, size, values } = viewer, from = marks.cross || viewer.toImage([size.width / 2, size.height / 2]);
  marks.cross = steppedPixel(series, from, direction, Math.max(1, CROSS_STEP_PX / viewer.scale));
  const [column, row] = marks.cross.map(Math.floor);
  viewer.pointAt(marks.cross);
  if (values) viewer.say(`${values[row * series.columns + column]} HU at column ${column}, row ${row}`);
  viewer.draw();
}

// The chosen region moved or grown by single pixels; what results is measured when the keys rest.
class Nudge {
  constructor(viewer) {
    this.viewer = viewer;
    this.timer = 0;
  }

  by([dx, dy], grow) {
    const { viewer } = this, { marks, selectedHere: region } = viewer;
    if (!region) return false;
    const box = marks.draft || region.box;
    marks.draft = grow ? grownBox(box, dx, dy) : movedBox(viewer.series, box, dx, dy);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { draft } = marks;
      marks.draft = null;
      if (draft) viewer.act("resize", { region_id: region.region_id, box: draft });
    }, NUDGE_MS);
    viewer.draw();
    return true;
  }
}
