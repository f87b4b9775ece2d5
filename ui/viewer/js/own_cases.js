// The user's own cases: the dialog in which one is saved or changed, and the list of those there are.

import { make, makeButton } from "../../browser/js/dom.js";

const CONFIRMED = ["pathology", "follow-up", "opinion"], DIFFICULTY = ["easy", "medium", "hard"];
const MAX_NOTE = 2000;
const drafts = new Map(); // what was sent, by the dialog's title: where it was refused it is there to be mended
let listed = ""; // the cases as they were listed last

// Save a region; `act(kind, fields)` asks the server.
export function offerSaving(beside, region, own, act) {
  const id = region.region_id;
  openDialog(beside, `Save ${id} among your own cases`, {}, own.types, (fields) => act("save_case", { region_id: id, ...fields }));
}

export function listCases(pane, own, act) {
  const now = JSON.stringify(own ? own.cases : []);
  if (now !== listed) drafts.clear(); // something was saved
  listed = now;
  pane.hidden = !own || !own.total;
  if (pane.hidden) return;
  const list = pane.querySelector("ul"), filter = pane.querySelector("input");
  pane.querySelector("summary").textContent = `Your own cases: ${own.total}`;
  pane.querySelector(".rest").textContent = own.total > own.cases.length ? `${own.cases.length} are listed here; \`lesion-search cases list\` lists all.` : "";
  pane.querySelector(".undo").hidden = !own.undoable;
  list.replaceChildren(...own.cases.map((each) => caseItem(each, own, act, list)));
  const narrow = () => {
    for (const [i, item] of [...list.children].entries()) item.hidden = !fits(own.cases[i], filter.value);
    pane.querySelector(".nothing").hidden = [...list.children].some((item) => !item.hidden);
  };
  filter.oninput = narrow;
  filter.onkeydown = (event) => event.stopPropagation(); // its letters are no shortcuts of the picture
  narrow();
}

// Whether every word that was typed stands in a case, in its note too.
export function fits(each, typed) {
  const text = [each.lesion_id, each.lesion_type, each.words, each.note].join(" ").toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function caseItem(each, own, act, list) {
  const id = each.lesion_id, picture = make("img"), text = [each.lesion_type || "type not recorded", each.words].filter(Boolean).join(", ");
  Object.assign(picture, { src: `atlas-lesion.png?lesion=${encodeURIComponent(id)}`, alt: "", loading: "lazy" });
  const change = (fields) => act("edit_case", { lesion_id: id, ...fields });
  const edit = makeButton("Edit…", "small", () => openDialog(list, `Change ${id}`, each, own.types, change), `Change ${id}`);
  const remove = makeButton("Delete", "small", () => act("delete_case", { lesion_id: id }), `Delete ${id}`);
  const item = make("li", "", picture, make("span", "what", text), each.note && make("span", "note", each.note), make("span", "buttons", edit, remove));
  item.dataset.case = id;
  item.title = id;
  return item;
}

// Ask for type, confirmation, difficulty and note, which `known` may hold already, and `send` them.
function openDialog(beside, title, recorded, knownTypes, send) {
  const known = drafts.get(title) || recorded;
  const type = make("input"), note = make("textarea"), types = make("datalist");
  const confirmed = choice(CONFIRMED, known.confirmed_by), difficulty = choice(DIFFICULTY, known.difficulty);
  types.id = "types-of-cases";
  types.append(...knownTypes.map((name) => Object.assign(make("option"), { value: name })));
  Object.assign(type, { required: true, maxLength: 40, value: known.lesion_type || "" });
  type.setAttribute("list", types.id);
  Object.assign(note, { maxLength: MAX_NOTE, rows: 4, value: known.note || "" });
  const form = make("form", "saving",
    make("h3", "", title),
    label("Lesion type, known or new", type), types,
    label("Confirmed by", confirmed), label("Difficulty", difficulty),
    label("Teaching note, for people alone; it must name nobody", note),
    make("p", "buttons", Object.assign(make("button", "", "Save"), { type: "submit" }), makeButton("Cancel", "", () => dialog.close())),
  );
  const dialog = make("dialog", "own-case", form);
  dialog.setAttribute("aria-label", title);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = { lesion_type: type.value, note: note.value, confirmed_by: confirmed.value || null, difficulty: difficulty.value || null };
    drafts.set(title, fields);
    send(fields);
    dialog.close();
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // its letters are no shortcuts of the picture
  dialog.addEventListener("close", () => dialog.remove());
  beside.parentElement.append(dialog);
  dialog.showModal();
  type.focus();
}

function choice(words, chosen) {
  const made = make("select");
  made.append(...["", ...words].map((word) => Object.assign(make("option", "", word || "not said"), { value: word })));
  made.value = chosen || "";
  return made;
}

function label(text, control) {
  return make("label", "", make("span", "", text), control);
}
