// The atlas as a map: one dot a lesion, coloured and shaped by type; the region and its hits stand out.

const mapBox = part("map"), mapCanvas = mapBox.querySelector("canvas"), mapTip = mapBox.querySelector(".tip"), pen = mapCanvas.getContext("2d");
// Okabe and Ito's colours for all kinds of colour vision; the shapes say the same
const TYPE_COLOURS = ["#e69f00", "#56b4e9", "#00b386", "#f0e442", "#5b8def", "#e8703a", "#d98cbc", "#c8c8c8"], UNTYPED = "#8a97a3";
const SHAPES = ["circle", "square", "triangle", "diamond", "cross"], MAP_MARGIN = 18, REACH_PX = 14, MAX_MAP_ZOOM = 40, DRAG_PX = 4;
let mapShown = false, atlasMap = null, regionOnMap = null, spots = [], pointed = null, mapTurn = 0;
let lens = { zoom: 1, x: 0, y: 0 }; // how the map is looked at: zoom, and how far it is moved in pixels

const typeColour = (index) => (index < 0 ? UNTYPED : TYPE_COLOURS[index % TYPE_COLOURS.length]);
const typeShape = (index) => SHAPES[Math.max(index, 0) % SHAPES.length];

for (const each of part("views").querySelectorAll("button"))
  each.addEventListener("click", () => {
    mapShown = each.dataset.view === "map";
    for (const other of part("views").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === each));
    part("hits").hidden = mapShown;
    mapBox.hidden = !mapShown;
    placeOnMap();
  });

async function placeOnMap() {
  if (!mapShown || !state.verdict) return;
  const turn = ++mapTurn, note = mapBox.querySelector(".small");
  if (!atlasMap) note.textContent = "Drawing the map…";
  try {
    const addresses = [`studies/${state.study_key}/regions/${state.region_id}/map`, ...(atlasMap ? [] : ["atlas-map"])];
    const [region, whole] = await Promise.all(addresses.map(async (address) => {
      const reply = await fetch(address), found = await reply.json();
      if (!reply.ok) throw new Error(found.detail);
      return found;
    }));
    if (turn !== mapTurn) return;
    if (whole) { atlasMap = whole; showLegend(); }
    regionOnMap = region;
    lens = { zoom: 1, x: 0, y: 0 };
    const drawn = atlasMap.points.length < atlasMap.lesions ? ` ${atlasMap.points.length} of ${atlasMap.lesions} lesions are drawn.` : "";
    note.textContent = `Near each other means alike, roughly: the two main directions of the embedding, with ${Math.round(100 * atlasMap.kept)}% of its variance.${drawn} Choose a dot to compare it.`;
    mapCanvas.setAttribute("aria-label", `Map of ${atlasMap.lesions} atlas lesions by likeness, ${state.region_id} and its ${region.hits.length} hits marked. The hits are listed under Pictures.`);
    drawMap();
  } catch (error) {
    if (turn === mapTurn) note.textContent = error.message || "The map could not be loaded: try again.";
  }
}

function showLegend() {
  mapBox.querySelector(".legend").replaceChildren(...atlasMap.types.map((type, index) => {
    const sign = make("canvas");
    sign.width = sign.height = 28; sign.setAttribute("aria-hidden", "true");
    const brush = sign.getContext("2d");
    brush.scale(2, 2);
    dot(brush, 7, 7, 4.5, index);
    return make("li", "", sign, type);
  }));
}

function drawMap() {
  if (!mapShown || !atlasMap || !regionOnMap || !mapCanvas.clientWidth) return;
  const ratio = window.devicePixelRatio || 1, width = mapCanvas.clientWidth, height = mapCanvas.clientHeight;
  mapCanvas.width = Math.round(width * ratio); mapCanvas.height = Math.round(height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const xs = [...atlasMap.points.map((p) => p.x), regionOnMap.x], ys = [...atlasMap.points.map((p) => p.y), regionOnMap.y];
  const [left, right, low, high] = [xs, ys].flatMap((values) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]);
  const k = Math.min((width - 2 * MAP_MARGIN) / (right - left || 1), (height - 2 * MAP_MARGIN) / (high - low || 1));
  const place = (p) => [width / 2 + lens.x + (p.x - (left + right) / 2) * k * lens.zoom, height / 2 + lens.y - (p.y - (low + high) / 2) * k * lens.zoom];
  const ranks = new Map(regionOnMap.hits.map((each, i) => [each.lesion_id, i + 1]));
  const others = atlasMap.points.filter((p) => !ranks.has(p.lesion_id));
  spots = [...others, ...regionOnMap.hits].map((p) => ({ point: p, rank: ranks.get(p.lesion_id) || 0, at: place(p) }));
  for (const { point, rank, at: [x, y] } of spots) {
    pen.globalAlpha = rank ? 1 : 0.75;
    dot(pen, x, y, rank ? 5 : 3.2, point.type_index);
    if (!rank) continue;
    ring(x, y, 8, point.lesion_id === chosen ? "#4cc2ff" : "#fff", point.lesion_id === chosen ? 3 : 1.5);
  }
  pen.globalAlpha = 1;
  const [x, y] = place(regionOnMap);
  for (const [tint, thick] of [["#000", 6], ["#fff", 3]]) {
    pen.strokeStyle = tint; pen.lineWidth = thick;
    pen.beginPath(); pen.moveTo(x - 9, y); pen.lineTo(x + 9, y); pen.moveTo(x, y - 9); pen.lineTo(x, y + 9); pen.stroke();
  }
  pen.font = "600 13px system-ui, sans-serif"; pen.textBaseline = "middle";
  pen.strokeStyle = "#000"; pen.lineWidth = 4; pen.strokeText(state.region_id, x + 13, y - 10);
  pen.fillStyle = "#fff"; pen.fillText(state.region_id, x + 13, y - 10);
  if (pointed) ring(...pointed.at, 11, "#4cc2ff", 2);
  mapCanvas.style.touchAction = lens.zoom > 1 ? "none" : "pan-y"; // a finger moves what is enlarged, else the page
  mapCanvas.dataset.query = `${x} ${y}`;
  mapCanvas.dataset.nearest = regionOnMap.hits.length ? place(regionOnMap.hits[0]).join(" ") : "";
}

function ring(x, y, radius, tint, thick) {
  pen.strokeStyle = tint; pen.lineWidth = thick;
  pen.beginPath(); pen.arc(x, y, radius, 0, 2 * Math.PI); pen.stroke();
}
function dot(brush, x, y, r, index) {
  brush.fillStyle = brush.strokeStyle = typeColour(index);
  brush.beginPath();
  const shape = typeShape(index);
  if (shape === "circle") brush.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "square") brush.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
  else if (shape === "triangle") { brush.moveTo(x, y - 1.2 * r); brush.lineTo(x + 1.1 * r, y + 0.8 * r); brush.lineTo(x - 1.1 * r, y + 0.8 * r); }
  else if (shape === "diamond") { brush.moveTo(x, y - 1.3 * r); brush.lineTo(x + 1.3 * r, y); brush.lineTo(x, y + 1.3 * r); brush.lineTo(x - 1.3 * r, y); }
  else { const a = 0.45 * r, b = 1.2 * r; [[-a, -b], [a, -b], [a, -a], [b, -a], [b, a], [a, a], [a, b], [-a, b], [-a, a], [-b, a], [-b, -a], [-a, -a]].forEach(([dx, dy]) => brush.lineTo(x + dx, y + dy)); }
  brush.closePath();
  brush.fill();
}

function nearestSpot(event) {
  const [x, y] = mapPlace(event);
  let best = null, least = REACH_PX;
  for (const spot of spots) {
    const distance = Math.hypot(spot.at[0] - x, spot.at[1] - y) - (spot.rank ? 3 : 0); // hits are easier to catch
    if (distance <= least) { least = distance; best = spot; }
  }
  return best;
}
function point(spot) {
  if (spot === pointed) return;
  pointed = spot;
  mapTip.hidden = !spot;
  mapCanvas.style.cursor = spot ? "pointer" : "default";
  if (spot) {
    mapTip.textContent = `${spot.rank ? `hit ${spot.rank}: ` : ""}${spot.point.lesion_id} · ${spot.point.words}`;
    const [x, y] = spot.at, right = x > mapCanvas.clientWidth / 2;
    mapTip.style.left = right ? "" : `${x + 14}px`;
    mapTip.style.right = right ? `${mapCanvas.clientWidth - x + 14}px` : "";
    mapTip.style.top = `${Math.max(y - 14, 2)}px`;
  }
  drawMap();
}

// Zoom and pan: Ctrl and wheel, two fingers, dragging, or the buttons.
const fingers = new Map();
let mapDragged = 0;

function mapPlace(event) {
  const frame = mapCanvas.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
}
function zoomMap(factor, x = mapCanvas.clientWidth / 2, y = mapCanvas.clientHeight / 2) {
  const zoom = Math.min(Math.max(lens.zoom * factor, 1), MAX_MAP_ZOOM), k = zoom / lens.zoom;
  const [fromX, fromY] = [x - mapCanvas.clientWidth / 2, y - mapCanvas.clientHeight / 2];
  lens = zoom === 1 ? { zoom, x: 0, y: 0 } : { zoom, x: fromX - (fromX - lens.x) * k, y: fromY - (fromY - lens.y) * k };
  point(null);
  drawMap();
}
function moveMap(dx, dy) {
  const [farX, farY] = [mapCanvas.clientWidth, mapCanvas.clientHeight].map((side) => (side * (lens.zoom - 1)) / 2);
  lens = { ...lens, x: Math.min(Math.max(lens.x + dx, -farX), farX), y: Math.min(Math.max(lens.y + dy, -farY), farY) };
  drawMap();
}
mapCanvas.addEventListener("pointerdown", (event) => {
  mapCanvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, mapPlace(event));
  if (fingers.size === 1) mapDragged = 0;
});
mapCanvas.addEventListener("pointermove", (event) => {
  const was = fingers.get(event.pointerId), at = mapPlace(event);
  if (!was) { point(nearestSpot(event)); return; }
  const [dx, dy] = [at[0] - was[0], at[1] - was[1]], other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  fingers.set(event.pointerId, at);
  mapDragged += Math.hypot(dx, dy) + (other ? DRAG_PX : 0);
  if (mapDragged < DRAG_PX) return;
  if (!other) { moveMap(dx, dy); return; }
  const before = Math.hypot(was[0] - other[0], was[1] - other[1]), after = Math.hypot(at[0] - other[0], at[1] - other[1]);
  moveMap(dx / 2, dy / 2);
  zoomMap(after / Math.max(before, 1), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
});
for (const kind of ["pointerup", "pointercancel"]) mapCanvas.addEventListener(kind, (event) => fingers.delete(event.pointerId));
mapCanvas.addEventListener("pointerleave", () => point(null));
mapCanvas.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
  event.preventDefault();
  zoomMap(Math.exp(-event.deltaY / 300), ...mapPlace(event));
}, { passive: false });
for (const each of mapBox.querySelectorAll("[data-map]"))
  each.addEventListener("click", () => zoomMap({ in: 1.5, out: 1 / 1.5, all: 0 }[each.dataset.map]));
mapCanvas.addEventListener("click", (event) => {
  if (mapDragged >= DRAG_PX) return;
  const spot = nearestSpot(event);
  point(spot);
  if (spot) open(spot.point.lesion_id);
});
mapCanvas.addEventListener("keydown", (event) => {
  // the arrow keys walk through the hits, Enter opens one, + - 0 zoom
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const zoom = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 }[event.key];
  if (zoom !== undefined) zoomMap(zoom);
  else if (event.key === "Enter" && pointed) open(pointed.point.lesion_id);
  else if (step && regionOnMap && regionOnMap.hits.length) {
    const count = regionOnMap.hits.length, rank = (((pointed ? pointed.rank : 0) - 1 + step + count) % count) + 1;
    point(spots.find((spot) => spot.rank === (pointed && pointed.rank ? rank : 1)));
  } else return;
  event.preventDefault();
});
new ResizeObserver(drawMap).observe(mapCanvas);

watch("value", apply);
apply();
