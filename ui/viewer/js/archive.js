// Studies of the hospital's archive: found by a number, fetched by the server, and reports that go back into it.

import { make, makeButton } from "../../browser/js/dom.js";

const ASK_MS = 1000, STORE = /#archive-(lesion-search-report-\d+\.dcm)$/;

export function offerArchive(viewer) {
  const form = viewer.find(".archive"), said = form.querySelector(".said"), list = form.querySelector(".studies");
  form.hidden = false;
  form.addEventListener("keydown", (event) => event.stopPropagation()); // its letters are no shortcuts of the picture
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    list.replaceChildren();
    said.textContent = "Asking the archive…";
    await viewer.ready;
    const asked = { by: form.elements.by.value, value: form.elements.value.value };
    const told = await ask(`archive/${viewer.state.visit_key}/studies`, asked);
    const { studies = [], problem } = typeof told === "string" ? { problem: told } : told;
    said.textContent = problem || (studies.length === 1 ? "1 study:" : `${studies.length} studies, the newest first:`);
    list.replaceChildren(...studies.map((study, i) => make("li", "", card(viewer, study, i + 1))));
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href*="#archive-"]'), named = link && STORE.exec(link.getAttribute("href"));
    if (!named) return;
    event.preventDefault();
    event.stopPropagation();
    storeReport(viewer, named[1]);
  }, true);
}

function card(viewer, study, number) {
  const button = makeButton("", "", () => {
    viewer.setBusy("Fetching the study from the archive…");
    viewer.trigger("open", { archived: study.name });
    tellProgress(viewer);
  }, `Open study ${number}, of ${study.when}: ${study.what}`);
  button.append(make("b", "", `${number}. ${study.when}`), make("br"), study.what); // of one day and kind, too
  return button;
}

// Say how many images have arrived, until the study is open or something else is said.
async function tellProgress(viewer) {
  const address = `archive/${viewer.state.visit_key}/fetched`, busy = viewer.find(".busy");
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    if (busy.hidden) return;
    const told = await ask(address);
    if (busy.hidden || typeof told === "string") return;
    if (told.images) viewer.setBusy(`Fetching from the archive: ${told.images}${told.of ? ` of ${told.of}` : ""} images…`);
  }
}

async function storeReport(viewer, name) {
  viewer.say("Storing the report in the archive…");
  const address = `studies/${viewer.state.study_key}/files/${name}/archive`;
  try {
    const reply = await fetch(address, { method: "POST" }), said = await reply.json();
    viewer.say(reply.ok ? said : said.detail, reply.ok ? "info" : "problem");
  } catch {
    viewer.say("The server does not answer: check the connection and try again.", "problem");
  }
}

// What the server answers; a sentence where it does not.
async function ask(address, body) {
  try {
    const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const reply = await fetch(address, sent || {}), told = await reply.json();
    if (reply.ok) return told;
    return typeof told.detail === "string" ? told.detail : "That number cannot be searched for: type it once more.";
  } catch {
    return "The server does not answer: check the connection and try again.";
  }
}
