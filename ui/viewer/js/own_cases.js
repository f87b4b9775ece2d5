// The user's own cases: the dialog that saves a region among them, and the list of those there are.

import { make, makeButton } from "../../browser/js/dom.js";

const CONFIRMED = ["pathology", "follow-up", "opinion"], DIFFICULTY = ["easy", "medium", "hard"];
const MAX_NOTE = 2000;

// A dialog about one region; `act(kind, fields)` asks the server.
export function offerSaving(beside, region, own, act) {
  const id = region.region_id, type = make("input"), note = make("textarea"), types = make("datalist");
  const confirmed = choice(CONFIRMED), difficulty = choice(DIFFICULTY);
  types.id = `types-of-${id}`;
  types.append(...own.types.map((name) => Object.assign(make("option"), { value: name })));
  Object.assign(type, { required: true, maxLength: 40 });
  type.setAttribute("list", types.id);
  Object.assign(note, { maxLength: MAX_NOTE, rows: 4 });
  const form = make("form", "saving",
    make("h3", "", `Save ${id} among your own cases`),
    label("Lesion type, known or new", type), types,
    label("Confirmed by", confirmed), label("Difficulty", difficulty),
    label("Teaching note, for people alone; it must name nobody", note),
    make("p", "buttons", Object.assign(make("button", "", "Save"), { type: "submit" }), makeButton("Cancel", "", () => dialog.close())),
  );
  const dialog = make("dialog", "own-case", form);
  dialog.setAttribute("aria-label", `Save ${id}`);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act("save_case", {
      region_id: id, lesion_type: type.value, note: note.value,
      confirmed_by: confirmed.value || null, difficulty: difficulty.value || null,
    });
    dialog.close();
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation());  // its letters are no shortcuts of the picture
  dialog.addEventListener("close", () => dialog.remove());
  beside.parentElement.append(dialog);
  dialog.showModal();
  type.focus();
}

export function listCases(pane, own, act) {
  pane.hidden = !own || !own.total;
  if (pane.hidden) return;
  pane.querySelector("summary").textContent = `Your own cases: ${own.total}`;
  pane.querySelector("ul").replaceChildren(...own.cases.map((each) => {
    const id = each.lesion_id, text = [each.lesion_type, each.words].filter(Boolean).join(", ");
    const remove = makeButton("Delete", "small", () => act("delete_case", { lesion_id: id }), `Delete ${id}`);
    const retype = makeButton("Type…", "small", () => {
      const name = window.prompt(`Lesion type of ${id}`, each.lesion_type);
      if (name && name !== each.lesion_type) act("edit_case", { lesion_id: id, lesion_type: name });
    }, `Change the type of ${id}`);
    const item = make("li", "", make("span", "what", text), each.note && make("span", "note", each.note), make("span", "buttons", retype, remove));
    item.dataset.case = id;
    return item;
  }));
}

function choice(words) {
  const made = make("select");
  made.append(...["", ...words].map((word) => Object.assign(make("option", "", word || "not said"), { value: word })));
  return made;
}

function label(text, control) {
  return make("label", "", make("span", "", text), control);
}
