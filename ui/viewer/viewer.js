// The CT viewer. Runs as the body of a function with `element`, `props`, `trigger` and `watch` (gr.HTML, js_on_load).
// The server owns study and regions and sends them as one state; this file owns how they are looked at.

const $ = (selector) => element.querySelector(selector);
const root = $(".viewer"), stage = $(".stage"), canvas = $("canvas"), context = canvas.getContext("2d");
const slider = $(".slider"), presetSelect = $(".preset"), seriesSelect = $(".series"), fileInput = $(".file-input");
const welcome = $(".welcome"), busy = $(".busy"), noticeLine = $(".notice"), help = $(".help");

const COLOURS = ["#4cc2ff", "#ffb000", "#5ee08a", "#ff7ab6", "#c9a0ff", "#ffe45c", "#ff8a65", "#7fe7e0"];
const CLICK_SLOP_PX = 4, FETCHES = 3, CACHE_BYTES = 400e6, CINE_MS = 90, NOTICE_MS = 8000, NUDGE_MS = 400;
const LABEL_FONT = "600 12px system-ui, sans-serif", BODY_HU = -300, FIT_MARGIN = 1.12;

let state = null;            // what the server says
let becomeReady;
const ready = new Promise((resolve) => { becomeReady = resolve; }); // the server has said something
let view = null;             // how this series is looked at: slice, zoom, centre, window
let pixels = new Map();      // slice index -> Int16Array, of the series on the screen
let fetching = new Map();    // slice index -> AbortController
let broken = new Map();      // slice index -> why it cannot be shown
let shown = -1;              // the slice that is painted (its pixels have arrived)
let tool = "point", ruler = null, draft = null, cross = null, cine = null, cursor = null, pending = null, noticeTimer = 0, nudgeTimer = 0;
const picture = document.createElement("canvas"), paint = picture.getContext("2d");
let image = null, lut = new Uint32Array(65536), lutKey = "";

const series = () => state.series[state.series_index];
const colour = (region) => COLOURS[(region.number - 1) % COLOURS.length];
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const act = (kind, fields) => trigger("act", { kind, study: state.study_key, ...fields });

// -- state from the server ---------------------------------------------------------------------------------------

function apply() {
  const next = props.value;
  if (!next || (state && next.revision <= state.revision)) return;
  const before = state;
  state = next;
  pending = null;
  becomeReady();
  const newStudy = !before || before.study_key !== state.study_key;
  if (newStudy || before.series_index !== state.series_index) openSeries();
  if (newStudy) { setBusy(""); say(""); }
  if (state.notice) say(state.notice.text, state.notice.kind);
  else if (!newStudy && before.series_index !== state.series_index) say(state.warnings.join(" ")); // the chat tells those of a new study
  if (state.notice && state.notice.kind === "problem") setBusy("");
  if (!newStudy && before.selected !== state.selected && state.selected) showSelected();
  if (!newStudy && view) showSuggestions(before);
  listRegions();
  describe();
  draw();
}

function openSeries() {
  for (const controller of fetching.values()) controller.abort();
  pixels = new Map(); fetching = new Map(); broken = new Map(); shown = -1; ruler = draft = cross = null; lutKey = "";
  stopCine();
  const open = state.series.length > 0;
  stage.hidden = $(".scroller").hidden = !open;
  showWelcome(!open);
  if (!open) { view = null; return; }
  const s = series();
  view = { slice: state.start_slice, fitted: false, ...wholeImage(s), ...(state.start_window || startWindow(s)) };
  slider.max = s.slices - 1;
  picture.width = s.columns; picture.height = s.rows;
  image = paint.createImageData(s.columns, s.rows);
  fillSelect(presetSelect, [...presets().map((p, i) => `${p.name}  (${i + 1})`), "Custom"]);
  const keys = Math.min(presets().length, 9);
  presetSelect.title = `Window preset (keys 1 to ${keys})`;
  presetSelect.setAttribute("aria-label", presetSelect.title);
  $(".preset-keys").textContent = `1–${keys}`;
  fillSelect(seriesSelect, state.series.map((each) => each.label));
  seriesSelect.hidden = state.series.length < 2;
  seriesSelect.value = state.series_index;
  const sides = s.letters || ["", "", "", ""];
  ["left", "right", "top", "bottom"].forEach((side, i) => { $(".side." + side).textContent = sides[i]; });
  $(".top-left").textContent = [state.title, state.facts].filter(Boolean).join("\n");
  goTo(view.slice);
}

function wholeImage(s) {
  return { zoom: 1, x: (s.columns * s.column_mm) / 2, y: (s.rows * s.row_mm) / 2 };
}

function startWindow(s) {
  const { width, level } = s.window || state.windows[0];
  return { width, level };
}

function presets() {
  const s = series();
  return [...state.windows, { name: "From the file", ...startWindow(s) }];
}

function showSelected() {
  const region = state.regions.find((each) => each.region_id === state.selected);
  if (region && region.slice_index !== view.slice) goTo(region.slice_index);
}

function showSuggestions(before) {
  // new ones that are all elsewhere: go to the best of them
  const fresh = state.regions.filter((region) => region.suggested && !before.regions.some((old) => old.region_id === region.region_id));
  if (fresh.length && !fresh.some((region) => region.slice_index === view.slice)) goTo(fresh[0].slice_index);
}

// -- pixels ------------------------------------------------------------------------------------------------------

function goTo(slice) {
  view.slice = clamp(Math.round(slice), 0, series().slices - 1);
  slider.value = view.slice;
  $(".position").textContent = `${view.slice + 1} / ${series().slices}`;
  slider.setAttribute("aria-valuetext", `slice ${view.slice + 1} of ${series().slices}`);
  fetchMore();
  draw();
}

const settled = (slice) => pixels.has(slice) || broken.has(slice);

function fetchMore() {
  // nearest slices first, at most three requests at a time; what is far from the eye gives way
  const count = series().slices, known = (slice) => settled(slice) || fetching.has(slice);
  if (!known(view.slice) && fetching.size >= FETCHES) {
    const far = [...fetching.keys()].sort((a, b) => Math.abs(b - view.slice) - Math.abs(a - view.slice))[0];
    fetching.get(far).abort();
    fetching.delete(far);
  }
  const room = Math.floor(CACHE_BYTES / (2 * series().rows * series().columns));
  const reach = Math.min(count, Math.floor(room / 2));
  for (let distance = 0; distance < reach && fetching.size < FETCHES; distance++)
    for (const slice of distance ? [view.slice + distance, view.slice - distance] : [view.slice])
      if (slice >= 0 && slice < count && !known(slice) && fetching.size < FETCHES) fetchSlice(slice);
  if (pixels.size > room) {
    const far = [...pixels.keys()].sort((a, b) => Math.abs(b - view.slice) - Math.abs(a - view.slice));
    for (const slice of far.slice(0, pixels.size - room)) pixels.delete(slice);
  }
  showLoaded(count, reach);
}

function showLoaded(count, reach) {
  // a strip under the slider, as players of films have it; gone when everything is there
  const there = pixels.size + broken.size, strip = $(".loaded"), stops = [];
  strip.classList.toggle("complete", there >= Math.min(count, 2 * reach - 1));
  strip.setAttribute("aria-valuemax", count);
  strip.setAttribute("aria-valuenow", there);
  strip.setAttribute("aria-valuetext", `${there} of ${count} slices loaded`);
  for (let from = 0, to = 1; from < count; from = to++) {
    while (to < count && settled(to) === settled(from)) to++;
    stops.push(`${settled(from) ? "var(--accent)" : "transparent"} ${(100 * from) / count}% ${(100 * to) / count}%`);
  }
  strip.style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
}

async function fetchSlice(slice) {
  const controller = new AbortController(), s = series(), mine = fetching;
  fetching.set(slice, controller);
  try {
    const reply = await fetch(`studies/${state.study_key}/series/${state.series_index}/slices/${slice}`, { signal: controller.signal });
    if (!reply.ok) throw new Error(reply.status === 404 ? "This study is no longer on the server: open it again." : `Slice ${slice + 1} could not be loaded.`);
    if (reply.headers.get("content-type").startsWith("text/plain")) {
      const why = await reply.text();
      if (mine === fetching) broken.set(slice, why);
    } else {
      const values = new Int16Array(await reply.arrayBuffer());
      if (values.length !== s.rows * s.columns) throw new Error(`Slice ${slice + 1} arrived incomplete.`);
      if (mine === fetching) pixels.set(slice, values);
    }
  } catch (error) {
    if (error.name !== "AbortError" && mine === fetching) { say(lost(error), "problem"); mine.delete(slice); return; }
  }
  mine.delete(slice);
  if (mine !== fetching) return;
  if (slice === view.slice) draw();
  fetchMore();
}

function lost(error) {
  return error instanceof TypeError ? "The server does not answer: check the connection, then reload the page." : error.message;
}

function paintSlice() {
  const key = `${view.width}/${view.level}`;
  if (!pixels.has(view.slice)) return;
  if (lutKey === key && shown === view.slice) return;
  if (lutKey !== key) {
    const low = view.level - view.width / 2, scale = 255 / view.width;
    for (let i = 0; i < 65536; i++) {
      const grey = clamp((i - 32768 - low) * scale + 0.5, 0, 255) | 0;
      lut[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
    }
    lutKey = key;
  }
  const from = pixels.get(view.slice), to = new Uint32Array(image.data.buffer);
  for (let i = 0; i < from.length; i++) to[i] = lut[from[i] + 32768];
  paint.putImageData(image, 0, 0);
  shown = view.slice;
}

// -- geometry: continuous image coordinates, where pixel i covers i to i+1 -------------------------------------------

function scale() {
  const s = series();
  return view.zoom * Math.min(stage.clientWidth / (s.columns * s.column_mm), stage.clientHeight / (s.rows * s.row_mm));
}
function toScreen(column, row) {
  const s = series(), k = scale();
  return [stage.clientWidth / 2 + (column * s.column_mm - view.x) * k, stage.clientHeight / 2 + (row * s.row_mm - view.y) * k];
}
function toImage(x, y) {
  const s = series(), k = scale();
  return [((x - stage.clientWidth / 2) / k + view.x) / s.column_mm, ((y - stage.clientHeight / 2) / k + view.y) / s.row_mm];
}
function onImage([column, row]) {
  return column >= 0 && row >= 0 && column < series().columns && row < series().rows;
}
function place(event) {
  const frame = stage.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
}
function zoomAt(factor, x, y) {
  const s = series(), [column, row] = toImage(x, y);
  view.zoom = clamp(view.zoom * factor, 0.5, 24);
  const k = scale();
  view.x = column * s.column_mm - (x - stage.clientWidth / 2) / k;
  view.y = row * s.row_mm - (y - stage.clientHeight / 2) / k;
  draw();
}

// -- drawing -----------------------------------------------------------------------------------------------------

let frameAsked = false;
function draw() {
  if (!view || frameAsked) return;
  frameAsked = true;
  requestAnimationFrame(() => { frameAsked = false; drawNow(); });
}

function drawNow() {
  if (!view || stage.hidden || !stage.clientWidth) return;
  const ratio = window.devicePixelRatio || 1, width = stage.clientWidth, height = stage.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  }
  if (!view.fitted && pixels.has(view.slice)) fit();
  paintSlice();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const s = series();
  if (shown >= 0 && !broken.has(view.slice)) {
    const [x0, y0] = toScreen(0, 0), [x1, y1] = toScreen(s.columns, s.rows);
    context.imageSmoothingEnabled = true; context.imageSmoothingQuality = "high";
    context.drawImage(picture, x0, y0, x1 - x0, y1 - y0);
  }
  if (shown === view.slice) {
    for (const region of state.regions) if (region.slice_index === shown) drawRegion(region);
  }
  if (draft) drawDraft();
  if (pending && pending.slice === view.slice) drawPending();
  if (ruler && ruler.slice === view.slice) drawRuler();
  if (cross) drawCross();
  if (s.calibrated) drawScaleBar(width, height);
  corners();
  stage.dataset.study = state.study_key;
  stage.dataset.shown = shown + 1;
  stage.dataset.origin = toScreen(0, 0).join(" ");
  stage.dataset.size = `${s.columns} ${s.rows}`;
  stage.dataset.corner = toScreen(s.columns, s.rows).join(" ");
}

function path(points) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(...toScreen(x, y)) : context.moveTo(...toScreen(x, y))));
}
function line([x0, y0, x1, y1]) { path([[x0, y0], [x1, y1]]); context.stroke(); }
function label(text, x, y, tint) {
  context.font = LABEL_FONT;
  context.lineWidth = 3; context.strokeStyle = "rgb(0 0 0 / 85%)"; context.setLineDash([]);
  context.strokeText(text, x, y);
  context.fillStyle = tint; context.fillText(text, x, y);
}

function drawRegion(region) {
  const tint = colour(region), selected = region.region_id === state.selected;
  context.setLineDash(region.suggested ? [6, 4] : []);
  for (const [style, extra] of [["rgb(0 0 0 / 70%)", 2], [tint, 0]]) {
    context.strokeStyle = style; context.lineWidth = (selected ? 2 : 1.5) + extra;
    path(region.outline); context.closePath(); context.stroke();
  }
  if (selected && !region.suggested) {
    context.lineWidth = 1.2; context.strokeStyle = tint;
    line(region.long_axis); line(region.short_axis);
    context.fillStyle = tint;
    for (const [x, y] of handles(region)) context.fillRect(toScreen(x, y)[0] - 3, toScreen(x, y)[1] - 3, 6, 6);
  }
  const [x, y] = toScreen(region.box[2], region.box[1]);
  const words = `${region.name || region.region_id}${selected ? "  " + region.size : ""}`;
  context.font = LABEL_FONT;
  label(words, clamp(x + 6, 4, stage.clientWidth - context.measureText(words).width - 6), Math.max(y - 4, 14), tint);
}
function handles(region) {
  const [x0, y0, x1, y1] = region.box;
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}
function drawDraft() {
  const [x0, y0] = toScreen(draft[0], draft[1]), [x1, y1] = toScreen(draft[2], draft[3]);
  context.setLineDash([5, 3]); context.lineWidth = 1.5; context.strokeStyle = "#fff";
  context.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
}
function drawPending() {
  // where the server is outlining something now
  const [x, y] = toScreen(...pending.spot);
  context.setLineDash([3, 4]); context.lineWidth = 2; context.strokeStyle = "#fff";
  context.beginPath(); context.arc(x, y, 10, 0, 2 * Math.PI); context.stroke();
}
function drawRuler() {
  const s = series(), [x0, y0, x1, y1] = ruler.line;
  context.setLineDash([]);
  for (const [style, width] of [["rgb(0 0 0 / 70%)", 4], ["#ffe45c", 2]]) { context.strokeStyle = style; context.lineWidth = width; line(ruler.line); }
  const length = s.calibrated ? Math.hypot((x1 - x0) * s.column_mm, (y1 - y0) * s.row_mm).toFixed(1) + " mm" : Math.hypot(x1 - x0, y1 - y0).toFixed(0) + " px";
  const [x, y] = toScreen(x1, y1);
  label(length, x + 8, y - 6, "#ffe45c");
  ruler.text = length;
}
function drawCross() {
  const [x, y] = toScreen(...cross);
  context.setLineDash([]); context.strokeStyle = "#fff"; context.lineWidth = 1;
  for (const [dx, dy] of [[14, 0], [0, 14]]) { context.beginPath(); context.moveTo(x - dx, y - dy); context.lineTo(x + dx, y + dy); context.stroke(); }
}
function drawScaleBar(width, height) {
  const k = scale(), mm = [100, 50, 20, 10, 5, 2, 1].find((each) => each * k <= width / 4) || 1;
  const x = width / 2 - (mm * k) / 2, y = height - 26;
  context.setLineDash([]);
  for (const [style, thickness] of [["rgb(0 0 0 / 80%)", 5], ["#fff", 2]]) {
    context.strokeStyle = style; context.lineWidth = thickness;
    context.beginPath();
    context.moveTo(x, y - 4); context.lineTo(x, y); context.lineTo(x + mm * k, y); context.lineTo(x + mm * k, y - 4);
    context.stroke();
  }
  label(mm >= 10 ? `${mm / 10} cm` : `${mm} mm`, x + mm * k + 6, y + 1, "#fff");
}

function corners() {
  const s = series();
  $(".bottom-left").textContent = `W ${Math.round(view.width)}  L ${Math.round(view.level)}`;
  $(".broken").textContent = broken.get(view.slice) || "";
  const waiting = shown === view.slice || broken.has(view.slice) ? "" : `loading slice ${view.slice + 1}…\n`;
  $(".bottom-right").textContent = `${waiting}slice ${view.slice + 1} / ${s.slices}`;
  let under = "";
  const spot = cross || cursor, values = pixels.get(view.slice);
  if (spot && values && onImage(spot)) {
    const column = Math.floor(spot[0]), row = Math.floor(spot[1]);
    under = `${values[row * s.columns + column]}${s.units === "HU" ? " HU" : ""}\ncolumn ${column}, row ${row}`;
  }
  $(".top-right").textContent = under;
  const known = presets().findIndex((p) => Math.round(p.width) === Math.round(view.width) && Math.round(p.level) === Math.round(view.level));
  presetSelect.value = known < 0 ? presets().length : known;
}

// -- region list, notices, screen reader ---------------------------------------------------------------------------

function listRegions() {
  const list = $(".regions"), focused = list.contains(document.activeElement) ? document.activeElement : null;
  const item = focused && focused.closest("li"), place = item ? [...list.children].indexOf(item) : -1;
  const control = focused ? [...item.querySelectorAll("button")].indexOf(focused) : -1;
  list.replaceChildren(...state.regions.map(regionItem));
  const selected = list.querySelector(".selected");
  if (selected) list.scrollTop = selected.offsetTop - list.offsetTop;
  if (!focused) return;
  // who works with keys stays where they were: at the same control, at the next region, or at the picture
  const same = list.querySelector(`[data-region="${item.dataset.region}"]`), next = same || list.children[Math.min(place, list.children.length - 1)];
  const controls = next ? [...next.querySelectorAll("button")] : [];
  (same && controls[control] ? controls[control] : controls[0] || stage).focus({ preventScroll: true });
}

function regionItem(region) {
  const item = document.createElement("li");
  item.style.setProperty("--colour", colour(region));
  item.classList.toggle("selected", region.region_id === state.selected);
  item.classList.toggle("suggested", region.suggested);
  item.dataset.region = region.region_id;
  const id = region.region_id;
  const choose = button(region.name ? `${id} ${region.name}` : id, "choose", () => act("select", { region_id: id }), `Show ${id}`);
  if (region.region_id === state.selected) choose.setAttribute("aria-current", "true");
  const what = document.createElement("span");
  what.className = "what";
  what.textContent = `${region.suggested ? "suggested · " : ""}slice ${region.slice_index + 1} · ${region.size} · ${region.density}`;
  const accept = button("Accept", "small", () => act("accept", { region_id: id }), `Accept the suggestion ${id}`);
  const rename = button("Rename", "small", () => editName(item, region), `Rename ${id}`);
  const remove = button(region.suggested ? "Dismiss" : "Delete", "small", () => act("remove", { region_id: id }), `Delete ${id}`);
  const buttons = document.createElement("span");
  buttons.className = "buttons";
  buttons.append(region.suggested ? accept : rename, remove);
  item.append(choose, what, buttons);
  return item;
}

function editName(item, region) {
  const input = document.createElement("input");
  input.value = region.name; input.maxLength = 40; input.setAttribute("aria-label", `Name of ${region.region_id}`);
  let done = false;
  const finish = (keep) => { if (!done) { done = true; keep ? act("rename", { region_id: region.region_id, name: input.value }) : listRegions(); } };
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") finish(true); if (event.key === "Escape") finish(false); });
  input.addEventListener("blur", () => finish(true));
  item.querySelector(".choose").replaceWith(input);
  input.focus();
}

function button(text, kind, onClick, name) {
  const made = document.createElement("button");
  made.type = "button"; made.className = kind; made.textContent = text;
  if (name) made.setAttribute("aria-label", name);
  made.addEventListener("click", onClick);
  return made;
}

function fillSelect(select, texts) {
  select.replaceChildren(...texts.map((text, i) => { const option = document.createElement("option"); option.value = i; option.textContent = text; return option; }));
}

function say(text, kind = "info") {
  clearTimeout(noticeTimer);
  noticeLine.textContent = text;
  noticeLine.classList.toggle("problem", kind === "problem");
  if (kind !== "problem") noticeTimer = setTimeout(() => { noticeLine.textContent = ""; }, NOTICE_MS);
}

function describe() {
  if (!view) { stage.setAttribute("aria-label", "No study is open"); return; }
  const count = state.regions.length;
  stage.setAttribute("aria-label", `${state.title}. ${state.facts}. ${count ? count + (count > 1 ? " regions" : " region") : "No regions yet"}. ` +
    "Arrow keys change the slice, Shift and arrow keys move a cross-hair, Enter outlines what is under it.");
}

function setBusy(text) {
  busy.hidden = !text;
  $(".busy-text").textContent = text;
}

function showWelcome(on) {
  welcome.hidden = !on;
  const open = state && state.series.length > 0;
  stage.hidden = $(".scroller").hidden = on || !open;
  $(".back").hidden = !(on && open);
  $(".toolbar").hidden = !open;
  if (!on) draw();
}

// -- pointer -----------------------------------------------------------------------------------------------------

const pointers = new Map();
let gesture = null;

stage.addEventListener("pointerdown", (event) => {
  if (!view || event.target.closest(".help")) return;
  stage.focus({ preventScroll: true });
  stage.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, place(event));
  cross = null;
  if (pointers.size === 2) { draft = null; gesture = { kind: "pinch" }; return; }
  const at = place(event), spot = toImage(...at);
  const handle = tool === "point" && event.button === 0 && !event.shiftKey ? grabbed(at) || held(spot) : null;
  const kind = handle ? handle.kind : event.button === 1 || tool === "pan" ? "pan" : event.button === 2 ? "zoom"
    : tool === "box" || event.shiftKey ? "box" : tool === "ruler" ? "ruler" : "window";
  gesture = { ...handle, kind, start: at, last: at, spot, moved: false, button: event.button };
});

stage.addEventListener("pointermove", (event) => {
  if (!view) return;
  const at = place(event), was = pointers.get(event.pointerId);
  cursor = toImage(...at);
  if (!was || !gesture) { stage.classList.toggle("movable", tool === "point" && Boolean(held(cursor))); draw(); return; }
  if (gesture.kind === "pinch") { pinch(event.pointerId, at); return; }
  pointers.set(event.pointerId, at);
  if (!gesture.moved && Math.hypot(at[0] - gesture.start[0], at[1] - gesture.start[1]) < CLICK_SLOP_PX) return;
  gesture.moved = true;
  const dx = at[0] - gesture.last[0], dy = at[1] - gesture.last[1];
  gesture.last = at;
  if (gesture.kind === "window") {
    view.width = clamp(view.width * Math.exp(dx / 250), 1, 8000);
    view.level = clamp(view.level + (dy * Math.max(view.width, 40)) / 350, -2000, 4000);
  } else if (gesture.kind === "pan") {
    view.x -= dx / scale(); view.y -= dy / scale();
  } else if (gesture.kind === "zoom") {
    zoomAt(Math.exp(-dy / 200), ...gesture.start);
  } else if (gesture.kind === "box") draft = [...gesture.spot, ...cursor];
  else if (gesture.kind === "resize") draft = [...gesture.anchor, ...cursor];
  else if (gesture.kind === "move") draft = moved(gesture.box, cursor[0] - gesture.spot[0], cursor[1] - gesture.spot[1]);
  else if (gesture.kind === "ruler") ruler = { slice: view.slice, line: [...gesture.spot, ...cursor] };
  draw();
});

function endPointer(event, cancelled) {
  pointers.delete(event.pointerId);
  const done = gesture;
  if (!done) return;
  if (done.kind === "pinch") { if (!pointers.size) gesture = null; return; }
  gesture = null;
  const box = draft;
  draft = null;
  if (cancelled) { draw(); return; }
  if (["box", "resize", "move"].includes(done.kind) && box && done.moved) {
    const [x0, x1] = [box[0], box[2]].sort((a, b) => a - b), [y0, y1] = [box[1], box[3]].sort((a, b) => a - b);
    const whole = [Math.floor(x0), Math.floor(y0), Math.ceil(x1), Math.ceil(y1)];
    if (done.kind === "box") act("box", { slice_index: view.slice, box: whole });
    else act("resize", { region_id: done.region_id, box: whole });
    if (done.kind === "box") setTool("point");
  } else if (done.kind === "ruler" && done.moved) {
    drawNow(); say(`Distance ${ruler.text}.`);
  } else if (!done.moved && done.button === 0 && (tool === "point" || tool === "box")) pick(done.spot);
  draw();
}
stage.addEventListener("pointerup", (event) => endPointer(event, false));
stage.addEventListener("pointercancel", (event) => endPointer(event, true));
stage.addEventListener("pointerleave", () => { cursor = null; draw(); });
stage.addEventListener("contextmenu", (event) => event.preventDefault());

function pick(spot) {
  if (!onImage(spot)) return;
  const inside = state.regions.find((region) => region.slice_index === view.slice && contains(region.outline, spot));
  if (inside) act("select", { region_id: inside.region_id });
  else {
    pending = { slice: view.slice, spot };
    act("click", { slice_index: view.slice, x: spot[0], y: spot[1] });
    draw();
  }
}

function selectedHere() {
  return state.regions.find((each) => each.region_id === state.selected && each.slice_index === view.slice && !each.suggested);
}
function held(spot) {
  const region = selectedHere();
  return region && contains(region.outline, spot) ? { kind: "move", region_id: region.region_id, box: region.box } : null;
}
function moved([x0, y0, x1, y1], dx, dy) {
  // whole pixels, and never out of the image
  const s = series(), right = clamp(Math.round(dx), -x0, s.columns - x1), down = clamp(Math.round(dy), -y0, s.rows - y1);
  return [x0 + right, y0 + down, x1 + right, y1 + down];
}
function grabbed(at) {
  const region = selectedHere();
  if (!region) return null;
  const corner = handles(region).findIndex(([x, y]) => Math.hypot(toScreen(x, y)[0] - at[0], toScreen(x, y)[1] - at[1]) < 9);
  return corner < 0 ? null : { kind: "resize", region_id: region.region_id, anchor: handles(region)[(corner + 2) % 4] };
}

function contains(outline, [x, y]) {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [xi, yi] = outline[i], [xj, yj] = outline[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function pinch(id, at) {
  const other = [...pointers].find(([each]) => each !== id)?.[1], was = pointers.get(id);
  pointers.set(id, at);
  if (!other || !was) return;
  const before = Math.hypot(was[0] - other[0], was[1] - other[1]), after = Math.hypot(at[0] - other[0], at[1] - other[1]);
  view.x -= (at[0] - was[0]) / 2 / scale(); view.y -= (at[1] - was[1]) / 2 / scale();
  zoomAt(after / Math.max(before, 1), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
}

let wheelRest = 0;
stage.addEventListener("wheel", (event) => {
  if (!view || event.target.closest(".help")) return;
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) { zoomAt(Math.exp(-event.deltaY / 300), ...place(event)); return; }
  wheelRest += event.deltaMode ? event.deltaY * 40 : event.deltaY;
  const steps = Math.trunc(wheelRest / 40) || 0;
  if (steps) { wheelRest = 0; goTo(view.slice + clamp(steps, -3, 3) / (Math.abs(steps) > 2 ? 2 : 1)); }
}, { passive: false });

// -- keys, tools, cine -------------------------------------------------------------------------------------------

stage.addEventListener("keydown", (event) => {
  if (!view || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.startsWith("Arrow") && nudge(event.key, event.shiftKey)) event.preventDefault();
    return;
  }
  const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
  const key = event.key.toLowerCase();
  if (event.shiftKey && event.key.startsWith("Arrow")) moveCross(event.key);
  else if (step) goTo(view.slice + step);
  else if (key === "home") goTo(0);
  else if (key === "end") goTo(series().slices - 1);
  else if (/^[1-9]$/.test(key) && presets()[key - 1]) setPreset(Number(key) - 1);
  else if (key === "enter" && cross) pick(cross);
  else if (key === "n") nextRegion();
  else if (key === "delete" || key === "backspace") { if (state.selected) act("remove", { region_id: state.selected }); }
  else if (key === "escape") { ruler = draft = cross = null; toggleHelp(false); draw(); }
  else if ({ w: 1, b: 1, m: 1, p: 1 }[key]) setTool({ w: "point", b: "box", m: "ruler", p: "pan" }[key]);
  else if (key === "f" || key === "0") fit();
  else if (key === "+" || key === "=") zoomAt(1.25, stage.clientWidth / 2, stage.clientHeight / 2);
  else if (key === "-") zoomAt(0.8, stage.clientWidth / 2, stage.clientHeight / 2);
  else if (key === " ") toggleCine();
  else if (key === "?") toggleHelp();
  else return;
  event.preventDefault();
});

function moveCross(key) {
  const [dx, dy] = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  const s = series(), from = cross || toImage(stage.clientWidth / 2, stage.clientHeight / 2);
  const step = Math.max(1, 4 / scale());
  cross = [clamp(Math.floor(from[0] + dx * step) + 0.5, 0.5, s.columns - 0.5), clamp(Math.floor(from[1] + dy * step) + 0.5, 0.5, s.rows - 0.5)];
  const values = pixels.get(view.slice);
  if (values) say(`${values[Math.floor(cross[1]) * s.columns + Math.floor(cross[0])]} HU at column ${Math.floor(cross[0])}, row ${Math.floor(cross[1])}`);
  draw();
}

function nudge(key, grow) {
  // the selected region by one pixel; what results is measured when the keys rest
  const region = selectedHere();
  if (!region) return false;
  const [dx, dy] = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  const [x0, y0, x1, y1] = draft || region.box;
  draft = grow ? [x0, y0, Math.max(x1 + dx, x0 + 2), Math.max(y1 + dy, y0 + 2)] : moved([x0, y0, x1, y1], dx, dy);
  clearTimeout(nudgeTimer);
  nudgeTimer = setTimeout(() => { const box = draft; draft = null; if (box) act("resize", { region_id: region.region_id, box }); }, NUDGE_MS);
  draw();
  return true;
}

function nextRegion() {
  if (!state.regions.length) return;
  const at = state.regions.findIndex((region) => region.region_id === state.selected);
  act("select", { region_id: state.regions[(at + 1) % state.regions.length].region_id });
}

function setTool(name) {
  tool = name;
  stage.dataset.tool = name;
  for (const each of root.querySelectorAll("[data-tool]")) if (each !== stage) each.setAttribute("aria-checked", String(each.dataset.tool === name));
}
function setPreset(index) {
  const preset = presets()[index];
  if (preset) { view.width = preset.width; view.level = preset.level; draw(); }
}
function fit() {
  // the body and not the air around it; the whole image where there is no body to find
  const s = series(), values = pixels.get(view.slice);
  Object.assign(view, wholeImage(s));
  if (values && s.units === "HU") {
    const columns = new Uint32Array(s.columns), rows = new Uint32Array(s.rows);
    for (let row = 0, i = 0; row < s.rows; row++)
      for (let column = 0; column < s.columns; column++, i++) if (values[i] > BODY_HU) { columns[column]++; rows[row]++; }
    const [x0, x1] = extent(columns, s.rows), [y0, y1] = extent(rows, s.columns);
    if (x1 - x0 > s.columns / 8 && y1 - y0 > s.rows / 8) {
      const width = (x1 - x0) * s.column_mm * FIT_MARGIN, height = (y1 - y0) * s.row_mm * FIT_MARGIN;
      view.zoom = Math.max(1, Math.min(stage.clientWidth / width, stage.clientHeight / height) / scale());
      view.x = ((x0 + x1) / 2) * s.column_mm; view.y = ((y0 + y1) / 2) * s.row_mm;
    }
  }
  view.fitted = true;
  draw();
}

function extent(counts, across) {
  const enough = (count) => count > across / 50;
  return [counts.findIndex(enough), counts.length - [...counts].reverse().findIndex(enough)];
}
function toggleHelp(on = help.hidden) {
  help.hidden = !on;
  $('[data-do="help"]').setAttribute("aria-expanded", String(on));
}
function toggleCine() {
  if (cine) { stopCine(); return; }
  cine = setInterval(() => {
    const next = (view.slice + 1) % series().slices;
    if (settled(view.slice)) goTo(next);
  }, CINE_MS);
  const control = $('[data-do="cine"]');
  control.textContent = "❚❚"; control.setAttribute("aria-pressed", "true");
}
function stopCine() {
  clearInterval(cine); cine = null;
  const control = $('[data-do="cine"]');
  control.textContent = "▶"; control.setAttribute("aria-pressed", "false");
}

root.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  if (pressed.dataset.tool) setTool(pressed.dataset.tool);
  else if (pressed.dataset.do === "cine") toggleCine();
  else if (pressed.dataset.do === "fit") fit();
  else if (pressed.dataset.do === "in") zoomAt(1.25, stage.clientWidth / 2, stage.clientHeight / 2);
  else if (pressed.dataset.do === "out") zoomAt(0.8, stage.clientWidth / 2, stage.clientHeight / 2);
  else if (pressed.dataset.do === "help") toggleHelp();
  else if (pressed.matches(".cases-button")) showWelcome(welcome.hidden);
  else if (pressed.matches(".back")) showWelcome(false);
  else if (pressed.matches(".upload")) fileInput.click();
});
slider.addEventListener("input", () => { stopCine(); goTo(Number(slider.value)); });
presetSelect.addEventListener("change", () => setPreset(Number(presetSelect.value)));
seriesSelect.addEventListener("change", () => act("series", { index: Number(seriesSelect.value) }));

// -- opening a case or files ---------------------------------------------------------------------------------------

for (const sample of props.samples || []) {
  const card = document.createElement("button"), thumbnail = document.createElement("img"), text = document.createElement("span");
  card.type = "button"; card.dataset.sample = sample.id;
  thumbnail.src = `samples/${sample.id}.png`; thumbnail.alt = ""; thumbnail.loading = "lazy";
  text.textContent = sample.title;
  card.append(thumbnail, text);
  card.addEventListener("click", () => { setBusy("Opening the case…"); trigger("open", { sample: sample.id }); });
  $(".samples").append(card);
}

fileInput.addEventListener("change", () => { upload([...fileInput.files]); fileInput.value = ""; });

async function upload(files) {
  if (!files.length) return;
  setBusy("Getting ready…");
  await ready;
  const batch = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const waiting = files.entries();
  let sent = 0, refused = null;
  setBusy(`Sending ${files.length === 1 ? "1 file" : files.length + " files"}…`);
  const worker = async () => {
    for (const [index, file] of waiting) {
      if (refused) return;
      try {
        const reply = await fetch(`uploads/${state.visit_key}/${batch}/${index}`, { method: "PUT", body: file });
        if (!reply.ok) refused = (await reply.json()).detail || "The server refused the upload.";
      } catch { refused = "The upload was interrupted: check the connection and try again."; }
      setBusy(`Sending files: ${++sent} of ${files.length}…`);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  if (refused) { setBusy(""); say(refused, "problem"); trigger("open", { batch, failed: String(refused).slice(0, 400) }); return; }
  setBusy(files.length === 1 ? "Reading the file…" : `Reading ${files.length} files…`);
  trigger("open", { batch, files: files.length });
}

for (const target of [welcome, stage]) {
  target.addEventListener("dragover", (event) => { event.preventDefault(); target.classList.add("dragging"); });
  target.addEventListener("dragleave", () => target.classList.remove("dragging"));
  target.addEventListener("drop", async (event) => {
    event.preventDefault();
    target.classList.remove("dragging");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    const lists = entries.length ? await Promise.all(entries.map(filesUnder)) : [[...event.dataTransfer.files]];
    upload(lists.flat());
  });
}

async function filesUnder(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    for (const each of some) found.push(...(await filesUnder(each)));
  }
  return found;
}

// -- start -------------------------------------------------------------------------------------------------------

new ResizeObserver(draw).observe(stage);
document.addEventListener("lesion-search:slice", (event) => { if (view) goTo(event.detail); });
stage.dataset.tool = tool;
$(".toolbar").hidden = true;
watch("value", apply);
apply();
