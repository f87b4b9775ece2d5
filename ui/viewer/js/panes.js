// Panes beside the picture: other planes of its volume with a linked cross-hair, or another series or study, whose
// slices follow by their position in mm.

import { localPoint, make, makeButton } from "../../browser/js/dom.js";
import { clamp } from "../../browser/js/numbers.js";
import { drawScene } from "./drawing.js";
import * as geometry from "./geometry.js";
import { firstOffset, inPlane, nearestSlice, ofPlane, positionsOf } from "./linking.js";
import { Picture } from "./picture.js";
import { Slices } from "./slices.js";
import { firstWindow } from "./windowing.js";

const REFUSED = "refused", REACH = 12, WHEEL_STEP = 40, ZOOM_WHEEL = 300, LETTER_FONT = "600 13px system-ui, sans-serif", LETTER_COLOUR = "#ffd479";
const KEYS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
const name = (plane) => plane[0].toUpperCase() + plane.slice(1);

// What can be shown beside the picture: [value, words], values joined with "+" for several panes.
export function offers({ state, series }) {
  const planes = series.planes.map((each) => [`plane:${each.plane}`, name(each.plane)]);
  if (planes.length > 1) planes.push([planes.map(([value]) => value).join("+"), series.planes.map((each) => name(each.plane)).join(" and ")]);
  const others = state.series.map((each, i) => [`series:${i}`, each.label]).filter((_, i) => i !== state.series_index);
  const studies = state.shelf.filter((each) => !each.here).map((each) => [`study:${each.study_key}`, `${each.title} (${each.detail})`]);
  if (series.no_planes && series.slices > 1) planes.push([REFUSED, "Coronal, sagittal"]); // which says why not
  return [["", "Picture alone"], ...planes, ...others, ...studies];
}

export class Panes {
  constructor(viewer) {
    this.viewer = viewer;
    this.root = viewer.find(".panes");
    this.select = viewer.find(".beside");
    this.panes = [];
    this.value = "";
    this.select.addEventListener("change", () => this.show(this.select.value));
  }

  // What stands beside the picture, and how far another series was shifted by hand; `reopen` takes it.
  get asShown() {
    return { value: this.value, shifts: this.panes.map(({ caption, offset, shift }) => ({ caption, offset, shift })) };
  }

  get hasPlanes() {
    return this.panes.some((pane) => pane.plane);
  }

  // Offer what there is now; what is shown stays as long as it is offered.
  offer() {
    const list = offers(this.viewer), known = list.some(([value]) => value === this.value) || this.value.startsWith("plane:");
    this.select.replaceChildren(...list.map(([value, words]) => new Option(words, value)));
    this.select.hidden = list.length < 2;
    this.select.title = "What stands beside the picture (X: other planes)";
    if (!known) this.show("");
    this.select.value = this.value;
  }

  // The other planes beside the picture, or none any more.
  toggle() {
    const { planes } = this.viewer.series;
    this.show(!planes.length ? REFUSED : this.value ? "" : planes.map((each) => `plane:${each.plane}`).join("+"));
  }

  async show(value, shifts = []) {
    const { state, series } = this.viewer;
    if (value === REFUSED) {
      this.viewer.say(series.no_planes, "problem");
      this.select.value = this.value;
      return;
    }
    const found = await Promise.all(value.split("+").filter(Boolean).map((each) => this.source(each)));
    if (state !== this.viewer.state && (state.study_key !== this.viewer.state.study_key || state.series_index !== this.viewer.state.series_index)) return;
    for (const pane of this.panes) pane.close();
    const sources = found.filter(Boolean);
    this.panes = sources.map((source) => new Pane(this.viewer, source, () => this.show(value.split("+").filter((each) => each !== source.value).join("+"))));
    for (const pane of this.panes) Object.assign(pane, shifts.find((each) => each.caption === pane.caption));
    this.value = sources.map((source) => source.value).join("+");
    this.select.value = this.value;
    this.root.replaceChildren(...this.panes.map((pane) => pane.root));
    this.root.hidden = !this.panes.length;
    this.viewer.root.classList.toggle("with-panes", this.panes.length > 0);
    this.viewer.draw();
  }

  // What a pane shows; null where it is not there.
  async source(value) {
    const { state, series } = this.viewer, [kind, id] = value.split(":"), own = `studies/${state.study_key}/series/`;
    if (kind === "plane") {
      const plane = series.planes.find((each) => each.plane === id);
      const frame = { ...plane, calibrated: series.calibrated, units: series.units, window: series.window };
      return plane && { value, plane, frame, caption: name(id), address: `${own}${state.series_index}/planes/${id}/slices/` };
    }
    if (kind === "series") {
      const frame = Number(id) === state.series_index ? null : state.series[id];
      return frame && frame !== undefined ? { value, frame, sameStudy: true, caption: frame.label, address: `${own}${id}/slices/` } : null;
    }
    const reply = await fetch(`studies/${id}/series`).catch(() => null);
    if (!reply || !reply.ok) {
      this.viewer.say("That study is no longer open: choose a case or open a file.", "problem");
      return null;
    }
    const { title, series: [frame] } = await reply.json();
    return { value, frame, sameStudy: false, caption: `${title} · ${frame.label}`, address: `studies/${id}/series/0/slices/` };
  }

  // After another series was opened: its own planes, and what stands beside it still, or stood there before a reload.
  reopen({ value, shifts } = { value: this.value, shifts: [] }) {
    this.value = value;
    this.offer();
    this.show(this.value, shifts);
  }

  draw() {
    for (const pane of this.panes) pane.draw();
  }
}

class Pane {
  constructor(viewer, { frame, plane, sameStudy, caption, address }, onClose) {
    Object.assign(this, { viewer, frame, plane, caption });
    this.canvas = make("canvas");
    this.words = make("div", "corner top-left");
    this.root = make("div", "pane", this.canvas, this.words, makeButton("×", "close", onClose, `Close ${caption}`));
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.picture = new Picture(frame);
    this.slices = new Slices({ address, series: frame, reach: REACH, onArrival: () => viewer.draw(), onProblem: (sentence) => viewer.say(sentence, "problem") });
    this.view = { ...geometry.wholeImage(frame), slice: -1, mirror: [1, 1] };
    this.first = plane ? 0 : firstOffset(positionsOf(viewer.series), positionsOf(frame), sameStudy);
    this.offset = this.first; // mm, from the picture's slice to this one's
    this.shift = null; // of another series: mm within the slice, from the picture's middle to this one's
    this.wheelRest = 0;
    this.held = null;
    this.listen();
  }

  get size() {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  // Where the picture's point lies here: the slice to show, and the cross-hair's spot where there is one.
  place() {
    const { viewer, plane, frame } = this;
    if (plane) return inPlane(plane, viewer.point);
    const mm = positionsOf(viewer.series)[viewer.view.slice];
    return { slice: nearestSlice(positionsOf(frame), mm + this.offset), spot: null };
  }

  draw() {
    const { viewer, frame, size, picture, slices, view } = this;
    if (!size.width || !size.height) return;
    const { slice, spot } = this.place(), main = viewer.view;
    if (slice !== view.slice) {
      view.slice = slice;
      slices.lookAt(slice);
    }
    const values = slices.values.get(slice), window = frame.units === viewer.series.units ? main : firstWindow(frame, viewer.state.windows);
    Object.assign(view, { width: window.width, level: window.level, inverted: main.inverted });
    if (values && !this.plane) this.followLook(values);
    if (values) picture.paint(slice, values, view);
    const ratio = globalThis.devicePixelRatio || 1;
    drawScene(this.canvas, { stage: size, ratio, series: frame, view, state: { regions: [], annotations: [] }, marks: { lines: spot }, picture, hidden: new Set(), broken: slices.broken.has(slice) });
    this.letter(this.canvas.getContext("2d"));
    const shifted = Math.round(this.offset - this.first), text = `${this.caption}\n${slice + 1} / ${frame.slices}${!this.plane && shifted ? ` · ${shifted > 0 ? "+" : "−"}${Math.abs(shifted)} mm` : ""}`;
    this.words.textContent = slices.broken.get(slice) || text;
    this.root.setAttribute("aria-label", text.replace("\n", ", slice "));
    this.root.dataset.slice = picture.shown + 1;
    slices.lookAt(slice);
  }

  // Look at another series as at the picture: as large, mirrored alike, and at the same place of the body.
  followLook(values) {
    const { viewer, frame, size } = this, { x, y, mirror } = viewer.view;
    if (!this.shift && viewer.values) {
      const own = geometry.fitted(frame, size, values), main = geometry.fitted(viewer.series, viewer.size, viewer.values);
      this.shift = [own.x - main.x, own.y - main.y];
    }
    if (!this.shift) return;
    const zoom = viewer.scale / geometry.scaleOf(frame, { zoom: 1 }, size);
    Object.assign(this.view, { zoom, mirror, x: x + this.shift[0], y: y + this.shift[1] });
  }

  letter(context) {
    const { width, height } = this.size, [left, right, top, bottom] = geometry.sideLetters(this.frame, this.view.mirror);
    Object.assign(context, { font: LETTER_FONT, fillStyle: LETTER_COLOUR });
    for (const [words, x, y] of [[left, 6, height / 2], [right, width - 18, height / 2], [top, width / 2, 16], [bottom, width / 2, height - 34]]) context.fillText(words, x, y);
  }

  // Another slice of this pane: the picture goes along with a plane, another series is shifted against it.
  step(by) {
    const slice = clamp(this.view.slice + by, 0, this.frame.slices - 1);
    if (this.plane) {
      this.viewer.lookThrough(ofPlane(this.plane, slice, inPlane(this.plane, this.viewer.point).spot));
      return;
    }
    const here = positionsOf(this.viewer.series)[this.viewer.view.slice];
    this.offset = positionsOf(this.frame)[slice] - here;
    this.viewer.draw();
  }

  listen() {
    const { root, viewer } = this;
    const follow = (event) => {
      const at = localPoint(root, event);
      if (this.plane) viewer.lookThrough(ofPlane(this.plane, this.view.slice, geometry.toImage(this.frame, this.view, this.size, at)));
      else if (this.shift) {
        const moved = geometry.panned(this.frame, this.view, this.size, at[0] - this.held[0], at[1] - this.held[1]);
        this.shift = [this.shift[0] + moved.x - this.view.x, this.shift[1] + moved.y - this.view.y];
      }
      this.held = at;
      viewer.draw();
    };
    root.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button")) return;
      root.setPointerCapture(event.pointerId);
      this.held = localPoint(root, event);
      follow(event);
    });
    root.addEventListener("pointermove", (event) => { if (this.held) follow(event); });
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => { this.held = null; });
    root.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS) || event.target !== root) return;
      event.preventDefault();
      this.step(KEYS[event.key]);
    });
    root.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) {
        const factor = Math.exp(-event.deltaY / ZOOM_WHEEL);
        if (!this.plane) viewer.zoomAt(factor);
        else Object.assign(this.view, geometry.zoomedAt(this.frame, this.view, this.size, factor, localPoint(root, event)));
        viewer.draw();
        return;
      }
      this.wheelRest += event.deltaMode ? event.deltaY * WHEEL_STEP : event.deltaY;
      const steps = Math.trunc(this.wheelRest / WHEEL_STEP);
      if (!steps) return;
      this.wheelRest = 0;
      this.step(steps);
    }, { passive: false });
  }

  close() {
    this.slices.close();
  }
}
