// The atlas as a map: one dot a lesion, coloured and shaped by type; the region and its hits stand out.

import { localPoint, make } from "../../browser/js/dom.js";
import { pinch } from "../../browser/js/numbers.js";
import { drawSpots, legendSign } from "./map_drawing.js";
import { movedLens, nearestSpot, nextRank, projection, WHOLE_MAP, zoomedLens } from "./map_geometry.js";

const DRAG_PX = 4, ZOOM_STEP = 1.5, ZOOM_WHEEL = 300;
const BUTTON_ZOOMS = { in: ZOOM_STEP, out: 1 / ZOOM_STEP, all: 0 };
const KEY_ZOOMS = { "+": ZOOM_STEP, "=": ZOOM_STEP, "-": 1 / ZOOM_STEP, 0: 0 };
const KEY_STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class AtlasMap {
  // `onOpen(lesion)` when a dot is chosen.
  constructor(box, onOpen) {
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.tip = box.querySelector(".tip");
    this.onOpen = onOpen;
    this.shown = false;
    this.atlas = null; // the lesions of the atlas, fetched once
    this.region = null; // where the region falls, with its hits
    this.regionId = null;
    this.chosen = null; // the lesion that is compared
    this.spots = []; // what is drawn: {point, rank from 1 or 0, at}
    this.pointed = null; // the spot under the pointer
    this.turn = 0;
    this.lens = WHOLE_MAP;
    listenOn(this);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  get size() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  show(on) {
    this.shown = on;
    this.box.hidden = !on;
  }

  choose(lesion) {
    this.chosen = lesion;
    this.draw();
  }

  // Fetch where a region falls, and at first the atlas itself.
  async place(studyKey, regionId) {
    if (!this.shown) return;
    const turn = ++this.turn, note = this.box.querySelector(".small");
    if (!this.atlas) note.textContent = "Drawing the map…";
    try {
      const addresses = [`studies/${studyKey}/regions/${regionId}/map`, ...(this.atlas ? [] : ["atlas-map"])];
      const [region, atlas] = await Promise.all(addresses.map(fetchJson));
      if (turn !== this.turn) return;
      if (atlas) {
        this.atlas = atlas;
        this.box.querySelector(".legend").replaceChildren(...atlas.types.map((type, index) => make("li", "", legendSign(index), type)));
      }
      Object.assign(this, { region, regionId, lens: WHOLE_MAP });
      note.textContent = mapText(this.atlas);
      const marked = `${regionId} and its ${region.hits.length} hits marked`;
      this.canvas.setAttribute("aria-label", `Map of ${this.atlas.lesions} atlas lesions by likeness, ${marked}. The hits are listed under Pictures.`);
      this.draw();
    } catch (error) {
      if (turn === this.turn) note.textContent = error.message || "The map could not be loaded: try again.";
    }
  }

  draw() {
    const { atlas, region, canvas, size } = this;
    if (!this.shown || !atlas || !region || !size.width) return;
    const ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const place = projection([...atlas.points, region], size, this.lens);
    const ranks = new Map(region.hits.map((hit, i) => [hit.lesion_id, i + 1]));
    const others = atlas.points.filter((point) => !ranks.has(point.lesion_id));
    this.spots = [...others, ...region.hits].map((point) => ({ point, rank: ranks.get(point.lesion_id) || 0, at: place(point) }));
    const { spots, chosen, pointed } = this;
    drawSpots(pen, { spots, chosen, pointed, region: { id: this.regionId, at: place(region) } });
    canvas.style.touchAction = this.lens.zoom > 1 ? "none" : "pan-y"; // a finger moves what is enlarged, else the page
    canvas.dataset.query = place(region).join(" ");
    canvas.dataset.nearest = region.hits.length ? place(region.hits[0]).join(" ") : "";
  }

  // Say which lesion a spot is; null for none.
  point(spot) {
    if (spot === this.pointed) return;
    const { tip, canvas, size } = this;
    this.pointed = spot;
    tip.hidden = !spot;
    canvas.style.cursor = spot ? "pointer" : "default";
    if (spot) {
      tip.textContent = `${spot.rank ? `hit ${spot.rank}: ` : ""}${spot.point.lesion_id} · ${spot.point.words}`;
      const [x, y] = spot.at, right = x > size.width / 2;
      tip.style.left = right ? "" : `${x + 14}px`;
      tip.style.right = right ? `${size.width - x + 14}px` : "";
      tip.style.top = `${Math.max(y - 14, 2)}px`;
    }
    this.draw();
  }

  openPointed() {
    if (this.pointed) this.onOpen(this.pointed.point.lesion_id);
  }

  // From one hit to the next; false without hits.
  step(by) {
    const count = this.region ? this.region.hits.length : 0;
    if (!count) return false;
    const rank = nextRank(this.pointed ? this.pointed.rank : 0, by, count);
    this.point(this.spots.find((spot) => spot.rank === rank));
    return true;
  }

  zoom(factor, at = [this.size.width / 2, this.size.height / 2]) {
    this.lens = zoomedLens(this.lens, this.size, factor, at);
    this.point(null);
    this.draw();
  }

  move(dx, dy) {
    this.lens = movedLens(this.lens, this.size, dx, dy);
    this.draw();
  }
}

function mapText(atlas) {
  const drawn = atlas.points.length < atlas.lesions ? ` ${atlas.points.length} of ${atlas.lesions} lesions are drawn.` : "";
  const kept = `${Math.round(100 * atlas.kept)}% of its variance`;
  return `Near each other means alike, roughly: the two main directions of the embedding, with ${kept}.${drawn} Choose a dot to compare it.`;
}

async function fetchJson(address) {
  const reply = await fetch(address), found = await reply.json();
  if (!reply.ok) throw new Error(found.detail);
  return found;
}

// Ctrl and wheel, two fingers, dragging or the buttons zoom and move; arrow keys walk through the hits, Enter opens one.
function listenOn(map) {
  const { canvas, box } = map, fingers = new Map();
  let dragged = 0; // pixels, since the first finger went down
  const spotAt = (event) => nearestSpot(map.spots, localPoint(canvas, event));
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, localPoint(canvas, event));
    if (fingers.size === 1) dragged = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const was = fingers.get(event.pointerId), now = localPoint(canvas, event);
    if (!was) {
      map.point(spotAt(event));
      return;
    }
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    const [dx, dy] = [now[0] - was[0], now[1] - was[1]];
    fingers.set(event.pointerId, now);
    dragged += Math.hypot(dx, dy) + (other ? DRAG_PX : 0);
    if (dragged < DRAG_PX) return;
    if (!other) {
      map.move(dx, dy);
      return;
    }
    const change = pinch(was, now, other);
    map.move(change.dx, change.dy);
    map.zoom(change.factor, change.centre);
  });
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => map.point(null));
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    map.zoom(Math.exp(-event.deltaY / ZOOM_WHEEL), localPoint(canvas, event));
  }, { passive: false });
  canvas.addEventListener("click", (event) => {
    if (dragged >= DRAG_PX) return;
    map.point(spotAt(event));
    map.openPointed();
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.key in KEY_ZOOMS) map.zoom(KEY_ZOOMS[event.key]);
    else if (event.key === "Enter" && map.pointed) map.openPointed();
    else if (!(event.key in KEY_STEPS && map.step(KEY_STEPS[event.key]))) return;
    event.preventDefault();
  });
  for (const each of box.querySelectorAll("[data-map]")) each.addEventListener("click", () => map.zoom(BUTTON_ZOOMS[each.dataset.map]));
}
