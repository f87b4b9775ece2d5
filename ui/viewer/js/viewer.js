// The CT viewer. The server owns study and regions and sends them as one state; the viewer owns how they are looked at.

import { copyText, makeButton } from "../../browser/js/dom.js";
import { movableEdge } from "../../browser/js/edges.js";
import { clamp } from "../../browser/js/numbers.js";
import { offerArchive } from "./archive.js";
import { Cine } from "./cine.js";
import { obey } from "./commands.js";
import { drawScene } from "./drawing.js";
import * as geometry from "./geometry.js";
import { listenToKeys } from "./keyboard.js";
import { listenToFiles, offerOpened, offerSamples } from "./opening.js";
import { Looking } from "./looking.js";
import { Panes } from "./panes.js";
import { listCases } from "./own_cases.js";
import { Picture } from "./picture.js";
import { listenToPointers } from "./pointer.js";
import { listenToLeaving, rememberedView, rememberView } from "./staying.js";
import { showCorners, showFacts, showLoaded, showPosition, showSeries, stageName } from "./readouts.js";
import { listAnnotations, listRegions, listSeries } from "./region_list.js";
import { savePicture } from "./saving.js";
import { Sketch } from "./sketch.js";
import { Slices } from "./slices.js";
import { hasStudy, isNewer, regionAfterSelected, seriesOf, transition } from "./state.js";
import { listenToToolbar, showLooks, showTool, showWindow } from "./toolbar.js";
import { firstWindow, presetsOf } from "./windowing.js";
import { listText } from "./words.js";

const NOTICE_MS = 8000, DOUBLE_CLICK_MS = 800, LEAST_SHARE = 0.6, LIST_PX = 150, AROUND_PX = 110;

// Bring a gr.HTML component to life: `element` holds viewer.html; `props.value` is the newest state, and `watch` tells
// of a new one; `trigger` sends an event to the server.
export function mount({ element, props, trigger, watch }) {
  const viewer = new Viewer(element, trigger);
  const apply = () => viewer.apply(props.value);
  offerSamples(viewer, props.samples || []);
  listenToFiles(viewer);
  if (props.archive) offerArchive(viewer);
  listenToLeaving(viewer);
  listenToPointers(viewer);
  listenToKeys(viewer);
  listenToToolbar(viewer);
  listenToEdges(viewer);
  new ResizeObserver(() => viewer.draw()).observe(viewer.stage);
  document.addEventListener("lesion-search:slice", (event) => { if (viewer.view) viewer.goTo(event.detail); });
  watch("value", apply);
  apply();
}

// The list gives way to the picture, and the picture to the hits, but never beyond the least share of its column.
function listenToEdges({ find, root, stage }) {
  const pixels = (size) => (size === null ? "" : `${size}px`), column = () => root.closest("#left") || document.documentElement;
  movableEdge(find(".lists-edge"), {
    size: () => find(".lists").clientWidth,
    range: () => [LIST_PX, find(".lists").clientWidth + stage.clientWidth - LEAST_SHARE * column().clientWidth],
    set: (size) => root.style.setProperty("--lists-width", pixels(size)),
    sign: -1,
  });
  movableEdge(find(".stage-edge"), {
    size: () => stage.clientHeight,
    range: () => [LEAST_SHARE * column().clientHeight, column().clientHeight - AROUND_PX],
    set: (size) => root.style.setProperty("--picture-height", pixels(size)),
  });
}

// What the input modules act upon.
export class Viewer {
  constructor(element, trigger) {
    this.find = (selector) => element.querySelector(selector);
    this.trigger = trigger;
    this.root = this.find(".viewer");
    this.stage = this.find(".stage");
    this.canvas = this.find("canvas");
    this.slider = this.find(".slider");
    this.presetSelect = this.find(".preset");
    this.seriesSelect = this.find(".series");
    this.welcome = this.find(".welcome");
    this.help = this.find(".help");
    this.state = null; // what the server says
    this.ready = new Promise((resolve) => { this.becomeReady = resolve; }); // the server has said something
    this.view = null; // how this series is looked at: slice, zoom, centre, window
    this.slices = null; // the pixels of this series
    this.picture = null;
    // `shape` is being drawn, `sent` has been and is awaited; `chosen` is a length or an angle
    this.marks = { shape: null, sent: null, chosen: null, draft: null, cross: null, cursor: null, pending: null };
    this.tool = "point";
    this.hidden = new Set(); // overlays that are not drawn
    this.cine = new Cine(this);
    this.sketch = new Sketch(this);
    this.panes = new Panes(this);
    this.spot = null; // column and row of the cross-hair that other planes share
    this.saveWanted = false; // the picture, once it is painted
    this.looking = new Looking(this);
    this.picked = this.unmeant = null; // the click that had something outlined; one whose outline goes again
    this.noticeTimer = 0;
    this.frameAsked = false;
    this.stage.dataset.tool = this.tool;
    this.find(".toolbar").hidden = true;
  }

  get series() {
    return seriesOf(this.state);
  }

  // The stage's size in CSS pixels.
  get size() {
    return { width: this.stage.clientWidth, height: this.stage.clientHeight };
  }

  get scale() {
    return geometry.scaleOf(this.series, this.view, this.size);
  }

  get presets() {
    return presetsOf(this.series, this.state.windows);
  }

  // The pixels of the slice that is looked at, once they have arrived.
  get values() {
    return this.slices.values.get(this.view.slice);
  }

  // The chosen region, where it can be moved and resized: on this slice and no mere suggestion.
  get selectedHere() {
    const { regions, selected } = this.state;
    return regions.find((each) => each.region_id === selected && each.slice_index === this.view.slice && !each.suggested);
  }

  // The point of the volume that other planes show: [slice, row, column].
  get point() {
    const [column, row] = this.spot || [this.series.columns / 2, this.series.rows / 2];
    return [this.view.slice + 0.5, row, column];
  }

  toScreen(spot) {
    return geometry.toScreen(this.series, this.view, this.size, spot);
  }

  toImage(at) {
    return geometry.toImage(this.series, this.view, this.size, at);
  }

  // Ask the server to do something with the open study.
  act(kind, fields) {
    this.trigger("act", { kind, study: this.state.study_key, ...fields });
  }

  // -- what the server says ----------------------------------------------------------------------------------------

  apply(next) {
    if (!isNewer(this.state, next)) return;
    const change = transition(this.state, next);
    if (change.newSeries) rememberView(this);
    this.state = next;
    this.marks.pending = this.marks.sent = null;
    this.takeBack();
    this.becomeReady();
    if (change.newSeries) this.openSeries();
    showFacts(this, next);
    if (change.idle) this.setBusy("");
    if (change.notice) this.say(change.notice.text, change.notice.kind, change.notice.undo);
    offerOpened(this, next.shelf);
    document.dispatchEvent(new CustomEvent("lesion-search:state", { detail: next })); // to the quiz panel
    if (this.view && !change.newSeries) this.panes.offer();
    if (change.goTo !== null) this.goTo(change.goTo);
    if (change.command && this.view) obey(this, change.command);
    listRegions(this.find(".regions"), next, (kind, fields) => this.act(kind, fields), this.stage);
    listCases(this.find(".own"), next.own, (kind, fields) => this.act(kind, fields));
    this.listAnnotations();
    this.stage.setAttribute("aria-label", this.view ? stageName(next) : "No study is open");
    this.draw();
  }

  openSeries() {
    if (this.slices) this.slices.close();
    this.slices = this.picture = this.view = this.looking.pointed = this.spot = null;
    this.clearMarks();
    this.cine.stop();
    this.showWelcome(!hasStudy(this.state));
    if (!hasStudy(this.state)) return;
    const { state, series } = this, kept = rememberedView(state);
    const start = state.start_window || firstWindow(series, state.windows);
    this.view = kept?.view || { slice: state.shown_slice, fitted: false, ...geometry.wholeImage(series), mirror: [1, 1], inverted: false, width: start.width, level: start.level };
    this.picture = new Picture(series);
    this.slices = new Slices({
      address: `studies/${state.study_key}/series/${state.series_index}/slices/`,
      series,
      onArrival: (slice) => this.receive(slice),
      onProblem: (sentence) => this.say(sentence, "problem"),
    });
    this.slider.max = series.slices - 1;
    showSeries(this, state, series);
    this.goTo(this.view.slice);
    this.panes.reopen(kept?.beside);
  }

  receive(slice) {
    if (slice === this.view.slice) {
      this.draw();
      listSeries(this.find(".thumbnails"), this.state, (kind, fields) => this.act(kind, fields)); // after what is looked at
    }
    this.fetchMore();
  }

  fetchMore() {
    this.slices.lookAt(this.view.slice);
    showLoaded(this.find(".loaded"), this.slices);
  }

  // -- how it is looked at -----------------------------------------------------------------------------------------

  goTo(slice) {
    this.view.slice = clamp(Math.round(slice), 0, this.series.slices - 1);
    showPosition(this, this.series, this.view.slice);
    this.fetchMore();
    this.looking.tell();
    this.draw();
  }

  // Note what is pointed at, here and for the server.
  pointAt(spot) {
    this.spot = spot;
    this.looking.tell(spot);
  }

  // Go to a point of the volume that was chosen in another plane.
  lookThrough([slice, row, column]) {
    this.spot = [column, row];
    this.goTo(Math.floor(slice));
    this.pointAt([column, row]);
  }

  // Change zoom, centre or window.
  look(change) {
    Object.assign(this.view, change);
    this.draw();
  }

  zoomAt(factor, at = [this.size.width / 2, this.size.height / 2]) {
    this.look(geometry.zoomedAt(this.series, this.view, this.size, factor, at));
  }

  pan(dx, dy) {
    this.look(geometry.panned(this.series, this.view, this.size, dx, dy));
  }

  fit() {
    this.look({ ...geometry.fitted(this.series, this.size, this.values), fitted: true });
  }

  invert() {
    this.look({ inverted: !this.view.inverted });
  }

  // Mirror the picture: 0 left to right, 1 upside down. The letters of the sides go with it.
  mirror(axis) {
    this.look({ mirror: this.view.mirror.map((sign, i) => (i === axis ? -sign : sign)) });
  }

  // The picture over the whole page, and back.
  enlarge(on = !this.root.classList.contains("enlarged")) {
    this.root.classList.toggle("enlarged", on);
    this.draw();
  }

  setPreset(index) {
    const preset = this.presets[index];
    if (preset) this.look({ width: preset.width, level: preset.level });
  }

  setTool(name) {
    this.tool = name;
    this.marks.shape = null;
    showTool(this);
  }

  toggleHelp(on = this.help.hidden) {
    this.help.hidden = !on;
    this.find('[data-do="help"]').setAttribute("aria-expanded", String(on));
  }

  clearMarks() {
    this.marks.shape = this.marks.draft = this.marks.cross = this.marks.chosen = null;
  }

  // -- what is done with regions -----------------------------------------------------------------------------------

  // Choose the region at a spot of the image, or have the lesion there outlined.
  pick(spot) {
    if (!geometry.onImage(this.series, spot)) return;
    const slice = this.view.slice;
    this.pointAt(spot);
    const inside = this.state.regions.find((each) => each.slice_index === slice && geometry.contains(each.outline, spot));
    if (inside) {
      this.act("select", { region_id: inside.region_id });
      return;
    }
    if (this.marks.pending && performance.now() - this.marks.pending.when < DOUBLE_CLICK_MS) return; // the second of two clicks
    this.marks.pending = { slice, spot, known: this.state.regions.map((each) => each.region_id), when: performance.now() };
    this.picked = this.marks.pending;
    this.act("click", { slice_index: slice, x: spot[0], y: spot[1] });
    this.draw();
  }

  // A double-click enlarges: what its first click outlined was not meant.
  enlargeInstead() {
    this.enlarge();
    if (this.picked && performance.now() - this.picked.when < DOUBLE_CLICK_MS) this.unmeant = this.picked;
    this.takeBack();
  }

  takeBack() {
    const made = this.unmeant && this.state.regions.find((each) => !this.unmeant.known.includes(each.region_id));
    if (!made) return;
    this.unmeant = null;
    this.act("remove", { region_id: made.region_id });
  }

  listAnnotations() {
    const show = (each) => {
      this.marks.chosen = each.annotation_id;
      this.goTo(each.slice_index);
      this.listAnnotations();
    };
    const act = (kind, fields) => this.act(kind, fields);
    listAnnotations(this.find(".annotations"), this.state, { act, show, chosen: this.marks.chosen, stage: this.stage });
  }

  async copyList() {
    await copyText(listText(this.state));
    this.say("Regions, lengths and angles were copied as text.");
  }

  nextRegion() {
    if (this.state.regions.length) this.act("select", { region_id: regionAfterSelected(this.state).region_id });
  }

  removeSelected() {
    if (this.state.selected) this.act("remove", { region_id: this.state.selected });
  }

  // -- the screen --------------------------------------------------------------------------------------------------

  draw() {
    if (!this.view || this.frameAsked) return;
    this.frameAsked = true;
    requestAnimationFrame(() => {
      this.frameAsked = false;
      this.drawNow();
    });
  }

  drawNow() {
    if (!this.view) return;
    if (!this.stage.clientWidth) {
      if (this.saveWanted) this.savePicture(); // asked for in words, with another part of the page in front
      return;
    }
    const { values, view, picture, slices, series, state, marks, size } = this;
    if (values && !view.fitted) Object.assign(view, geometry.fitted(series, size, values), { fitted: true });
    if (values) picture.paint(view.slice, values, view);
    const { hidden } = this;
    const scene = { series, view, state, marks, picture, slices, hidden, stage: size, ratio: window.devicePixelRatio || 1 };
    const lines = this.panes.hasPlanes ? this.point.slice(1).reverse() : null;
    drawScene(this.canvas, { ...scene, marks: { ...marks, lines }, broken: slices.broken.has(view.slice) });
    this.panes.draw();
    if (this.saveWanted && picture.shown === view.slice) this.savePicture();
    showCorners(this, scene);
    showWindow(this);
    showLooks(this);
  }

  say(text, kind = "info", undo = false) {
    const line = this.find(".notice");
    clearTimeout(this.noticeTimer);
    line.textContent = text;
    line.classList.toggle("problem", kind === "problem");
    if (undo) line.append(" ", makeButton("Undo", "undo", () => this.trigger("undo")));
    else if (kind !== "problem") this.noticeTimer = setTimeout(() => { line.textContent = ""; }, NOTICE_MS);
  }

  savePicture() {
    this.saveWanted = !savePicture(this); // where it is not painted yet: as soon as it is
  }

  setBusy(text) {
    this.find(".busy").hidden = !text;
    this.find(".busy-text").textContent = text;
  }

  showWelcome(on) {
    const open = hasStudy(this.state), leaving = !on && this.welcome.contains(document.activeElement);
    this.welcome.hidden = !on;
    for (const part of [".middle", ".scroller", ".stage-edge"]) this.find(part).hidden = on || !open;
    this.find(".back").hidden = !(on && open);
    this.find(".toolbar").hidden = !open;
    if (!on) this.draw();
    if (leaving) this.stage.focus({ preventScroll: true }); // what had the focus is gone
  }
}
