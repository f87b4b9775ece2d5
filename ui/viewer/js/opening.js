// Opening a sample case, or files: chosen, or dropped as files, folders or a zip.

import { make, makeButton } from "../../browser/js/dom.js";
import { hasStudy } from "./state.js";

const UPLOADS_AT_ONCE = 3, MAX_PROBLEM_LENGTH = 400, BATCH_BYTES = 12;

export function offerSamples(viewer, samples) {
  viewer.find(".samples").append(...samples.map((sample) => {
    const card = makeButton("", "", () => {
      if (hasStudy(viewer.state) && viewer.state.title === sample.title) return viewer.showWelcome(false);
      viewer.setBusy("Opening the case…");
      viewer.trigger("open", { sample: sample.id });
    });
    const thumbnail = make("img");
    Object.assign(thumbnail, { src: `samples/${sample.id}.png`, alt: "", loading: "lazy" });
    card.append(thumbnail, make("span", "", sample.title));
    card.dataset.sample = sample.id;
    return card;
  }));
}

export function listenToFiles(viewer) {
  const input = viewer.find(".file-input");
  input.addEventListener("change", () => {
    upload(viewer, [...input.files]);
    input.value = "";
  });
  // wherever on the page they are dropped: the browser would leave the page for them
  const over = (on) => { for (const part of [viewer.welcome, viewer.stage]) part.classList.toggle("dragging", on); };
  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  document.addEventListener("drop", async (event) => {
    over(false);
    if (!event.dataTransfer || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    upload(viewer, await droppedFiles(event.dataTransfer));
  }, true);
}

// Let somebody choose files, or with `folder` all files below a folder, which not only those who drag can open.
export function chooseFiles(viewer, folder) {
  const input = viewer.find(".file-input");
  input.webkitdirectory = folder;
  input.click();
}

// The studies that are open already, to go back to.
export function offerOpened(viewer, shelf) {
  const list = viewer.find(".opened");
  list.hidden = !shelf.length;
  list.querySelector(".studies").replaceChildren(...shelf.map((study) => {
    const card = makeButton("", "", () => {
      viewer.showWelcome(false);
      if (!study.here) viewer.trigger("open", { study: study.study_key });
    });
    const picture = make("img");
    Object.assign(picture, { src: `studies/${study.study_key}/thumbnail.png`, alt: "", loading: "lazy" });
    card.append(picture, make("span", "", make("b", "", study.title), make("br"), study.detail));
    if (study.here) card.setAttribute("aria-current", "true");
    return card;
  }));
}

// Send the files to the plain routes under one batch name, then ask the server to open what arrived.
async function upload(viewer, files) {
  if (!files.length) return;
  viewer.setBusy("Getting ready…");
  await viewer.ready;
  const batch = randomName(), count = files.length === 1 ? "1 file" : `${files.length} files`, waiting = files.entries();
  let sent = 0, refused = null;
  viewer.setBusy(`Sending ${count}…`);
  const worker = async () => {
    for (const [index, file] of waiting) {
      if (refused) return;
      refused = await send(`uploads/${viewer.state.visit_key}/${batch}/${index}`, file) || refused;
      viewer.setBusy(`Sending files: ${++sent} of ${files.length}…`);
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, worker));
  if (refused) {
    viewer.setBusy("");
    viewer.say(refused, "problem");
    viewer.trigger("open", { batch, failed: String(refused).slice(0, MAX_PROBLEM_LENGTH) });
    return;
  }
  viewer.setBusy(files.length === 1 ? "Reading the file…" : `Reading ${count}…`);
  viewer.trigger("open", { batch, files: files.length });
}

// Why a file was not taken; null when it was.
async function send(address, file) {
  try {
    const reply = await fetch(address, { method: "PUT", body: file });
    return reply.ok ? null : (await reply.json()).detail || "The server refused the upload.";
  } catch {
    return "The upload was interrupted: check the connection and try again.";
  }
}

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(BATCH_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(filesUnder))).flat();
}

async function filesUnder(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader(), found = [];
  for (;;) { // a folder is told in portions
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const each of some) found.push(...(await filesUnder(each)));
  }
}
