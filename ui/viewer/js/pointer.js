// Mouse, pen, fingers and wheel on the stage.

import { localPoint } from "../../browser/js/dom.js";
import { clamp, distance, pinch } from "../../browser/js/numbers.js";
import { boxCorners, contains, movedBox, wholePixels } from "./geometry.js";
import { POINTS } from "./shapes.js";
import { draggedWindow } from "./windowing.js";

const CLICK_SLOP_PX = 4, GRAB_PX = 9, ZOOM_DRAG_PX = 200, ZOOM_WHEEL = 300, WHEEL_STEP = 40, MAX_WHEEL_SLICES = 3;
const LEFT = 0, MIDDLE = 1, RIGHT = 2;

export function listenToPointers(viewer) {
  const { stage } = viewer, pointers = new Pointers(viewer);
  stage.addEventListener("pointerdown", (event) => {
    if (viewer.view && !event.target.closest(".help")) pointers.down(event);
  });
  stage.addEventListener("pointermove", (event) => { if (viewer.view) pointers.move(event); });
  stage.addEventListener("pointerup", (event) => pointers.end(event, false));
  stage.addEventListener("pointercancel", (event) => pointers.end(event, true));
  stage.addEventListener("pointerleave", () => {
    viewer.marks.cursor = null;
    viewer.draw();
  });
  stage.addEventListener("dblclick", (event) => { if (viewer.view && !event.target.closest(".help")) viewer.enlargeInstead(); });
  stage.addEventListener("contextmenu", (event) => event.preventDefault());
  stage.addEventListener("wheel", (event) => {
    if (!viewer.view || event.target.closest(".help")) return;
    event.preventDefault();
    pointers.wheel(event);
  }, { passive: false });
}

class Pointers {
  constructor(viewer) {
    this.viewer = viewer;
    this.places = new Map(); // pointer -> where it is on the stage
    this.gesture = null; // what the pointer that went down is doing
    this.wheelRest = 0;
  }

  down(event) {
    const { viewer } = this, at = localPoint(viewer.stage, event);
    viewer.stage.focus({ preventScroll: true });
    viewer.stage.setPointerCapture(event.pointerId);
    this.places.set(event.pointerId, at);
    viewer.marks.cross = null;
    if (this.places.size === 2) {
      viewer.marks.draft = viewer.marks.shape = null;
      this.gesture = { kind: "pinch" };
      return;
    }
    this.gesture = { ...this.intended(event, at), start: at, last: at, spot: viewer.toImage(at), moved: false, button: event.button };
  }

  // What a drag that begins here will do.
  intended(event, at) {
    const { tool } = this.viewer;
    if (tool === "point" && event.button === LEFT && !event.shiftKey) {
      const held = this.corner(at) || this.inside(this.viewer.toImage(at));
      if (held) return held;
    }
    if (event.button === MIDDLE || tool === "pan") return { kind: "pan" };
    if (event.button === RIGHT) return { kind: "zoom" };
    if (tool === "box" || event.shiftKey) return { kind: "box" };
    return { kind: tool in POINTS ? "shape" : "window" };
  }

  corner(at) {
    const region = this.viewer.selectedHere;
    if (!region) return null;
    const corners = boxCorners(region.box), held = corners.findIndex((corner) => distance(this.viewer.toScreen(corner), at) < GRAB_PX);
    return held < 0 ? null : { kind: "resize", region_id: region.region_id, anchor: corners[(held + 2) % 4] };
  }

  inside(spot) {
    const region = this.viewer.selectedHere;
    return region && contains(region.outline, spot) ? { kind: "move", region_id: region.region_id, box: region.box } : null;
  }

  move(event) {
    const { viewer, gesture } = this, at = localPoint(viewer.stage, event), was = this.places.get(event.pointerId);
    viewer.marks.cursor = viewer.toImage(at);
    if (!was || !gesture) {
      viewer.stage.classList.toggle("movable", viewer.tool === "point" && Boolean(this.inside(viewer.marks.cursor)));
      viewer.draw();
      return;
    }
    this.places.set(event.pointerId, at);
    if (gesture.kind === "pinch") {
      this.pinch(event.pointerId, was, at);
      return;
    }
    if (!gesture.moved && distance(at, gesture.start) < CLICK_SLOP_PX) return;
    gesture.moved = true;
    const [dx, dy] = [at[0] - gesture.last[0], at[1] - gesture.last[1]];
    gesture.last = at;
    this.drag(gesture, dx, dy);
    viewer.draw();
  }

  drag(gesture, dx, dy) {
    const { viewer } = this, { marks } = viewer, { kind, spot } = gesture;
    if (kind === "window") viewer.look(draggedWindow(viewer.view, dx, dy));
    else if (kind === "pan") viewer.pan(dx, dy);
    else if (kind === "zoom") viewer.zoomAt(Math.exp(-dy / ZOOM_DRAG_PX), gesture.start);
    else if (kind === "box") marks.draft = [...spot, ...marks.cursor];
    else if (kind === "resize") marks.draft = [...gesture.anchor, ...marks.cursor];
    else if (kind === "move") marks.draft = movedBox(viewer.series, gesture.box, marks.cursor[0] - spot[0], marks.cursor[1] - spot[1]);
    else if (kind === "shape") viewer.sketch.stretch(spot, marks.cursor);
  }

  pinch(id, was, now) {
    const other = [...this.places].find(([each]) => each !== id)?.[1];
    if (!other) return;
    const { dx, dy, factor, centre } = pinch(was, now, other);
    this.viewer.pan(dx, dy);
    this.viewer.zoomAt(factor, centre);
  }

  end(event, cancelled) {
    this.places.delete(event.pointerId);
    const { viewer, gesture } = this;
    if (!gesture || (gesture.kind === "pinch" && this.places.size)) return;
    this.gesture = null;
    if (gesture.kind === "pinch") return;
    const box = viewer.marks.draft;
    viewer.marks.draft = null;
    if (!cancelled) this.finish(gesture, box);
    viewer.draw();
  }

  finish(gesture, box) {
    const { viewer } = this, { kind, moved } = gesture;
    if (kind === "box" && moved && box) {
      viewer.act("box", { slice_index: viewer.view.slice, box: wholePixels(box) });
      viewer.setTool("point");
    } else if ((kind === "resize" || kind === "move") && moved && box) {
      viewer.act("resize", { region_id: gesture.region_id, box: wholePixels(box) });
    } else if (kind === "shape" && gesture.button === LEFT) {
      if (moved) viewer.sketch.release(viewer.marks.cursor);
      else viewer.sketch.place(gesture.spot);
    } else if (!moved && gesture.button === LEFT && (viewer.tool === "point" || viewer.tool === "box")) viewer.pick(gesture.spot);
  }

  wheel(event) {
    const { viewer } = this;
    if (event.ctrlKey || event.metaKey) {
      viewer.zoomAt(Math.exp(-event.deltaY / ZOOM_WHEEL), localPoint(viewer.stage, event));
      return;
    }
    this.wheelRest += event.deltaMode ? event.deltaY * WHEEL_STEP : event.deltaY;
    const steps = Math.trunc(this.wheelRest / WHEEL_STEP);
    if (!steps) return;
    this.wheelRest = 0;
    viewer.goTo(viewer.view.slice + clamp(steps, -MAX_WHEEL_SLICES, MAX_WHEEL_SLICES) / (Math.abs(steps) > 2 ? 2 : 1));
  }
}
