// The lists beside the picture: series, regions, and lengths and angles. Rows of the last two are renamed and deleted.

import { make, makeButton } from "../../browser/js/dom.js";
import { offerSaving } from "./own_cases.js";
import { colourOf } from "./state.js";
import { annotationText, regionText } from "./words.js";

const MAX_NAME_LENGTH = 40;

// `act(kind, fields)` asks the server; `stage` takes the focus when the last region goes.
export function listRegions(list, state, act, stage) {
  const again = () => listRegions(list, state, act, stage);
  const item = (region) => {
    const id = region.region_id, { suggested } = region, selected = id === state.selected;
    const keep = suggested
      ? makeButton("Accept", "small", () => act("accept", { region_id: id }), `Accept the suggestion ${id}`)
      : renaming(id, region.name, (name) => act("rename", { region_id: id, name }), again);
    const remove = makeButton(suggested ? "Dismiss" : "Delete", "small", () => act("remove", { region_id: id }), `Delete ${id}`);
    const save = state.own && !suggested
      ? [makeButton("Save…", "small", () => offerSaving(list, region, state.own, act), `Save ${id} among your own cases`)] : [];
    const made = row(id, region.name, regionText(region), selected, () => act("select", { region_id: id }), keep, ...save, remove);
    made.style.setProperty("--colour", colourOf(region));
    made.classList.toggle("suggested", suggested);
    made.dataset.region = id;
    made.dataset.outlined = region.outlined;
    return made;
  };
  fill(list, state.regions.map(item), stage);
  if (list.dataset.selected !== String(state.selected)) showIn(list.parentElement, list.querySelector(".selected"));
  list.dataset.selected = state.selected;
}

// `show(annotation)` brings one to the screen; `chosen` is the id of the one that was shown.
export function listAnnotations(list, { annotations }, { act, show, chosen, stage }) {
  const again = () => listAnnotations(list, { annotations }, { act, show, chosen, stage });
  fill(list, annotations.map((each) => {
    const id = each.annotation_id;
    const rename = renaming(id, each.name, (name) => act("name_annotation", { annotation_id: id, name }), again);
    const remove = makeButton("Delete", "small", () => act("remove_annotation", { annotation_id: id }), `Delete ${id}`);
    return row(id, each.name, annotationText(each), id === chosen, () => show(each), rename, remove);
  }), stage);
}

// One picture a series, where there is more than one; their slices are decoded after the one that is looked at.
export function listSeries(list, state, act) {
  list.hidden = state.series.length < 2;
  if (list.dataset.study !== state.study_key) {
    list.dataset.study = state.study_key;
    list.replaceChildren(...(list.hidden ? [] : state.series.map((each, index) => {
      const picture = make("img"), button = makeButton("", "", () => act("series", { index }), each.label);
      Object.assign(picture, { src: `studies/${state.study_key}/series/${index}.png`, alt: "", loading: "lazy" });
      button.append(picture, make("span", "", String(index + 1)));
      button.title = each.label;
      return make("li", "", button);
    })));
  }
  [...list.querySelectorAll("button")].forEach((button, index) => {
    if (index === state.series_index) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}

function row(id, name, text, selected, onChoose, ...buttons) {
  const choose = makeButton(name ? `${id} ${name}` : id, "choose", onChoose, `Show ${id}${name ? ` ${name}` : ""}`);
  if (selected) choose.setAttribute("aria-current", "true");
  const item = make("li", "", choose, make("span", "what", text), make("span", "buttons", ...buttons));
  item.classList.toggle("selected", selected);
  item.dataset.row = id;
  return item;
}

// Replace the rows. Who works with keys stays where they were: at the same control, at the next row, or at the picture.
function fill(list, rows, stage) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const item = focused && focused.closest("li"), place = item ? [...list.children].indexOf(item) : -1;
  const control = focused ? [...item.querySelectorAll("button")].indexOf(focused) : -1;
  const pane = list.parentElement, scrolled = pane.scrollTop;
  list.replaceChildren(...rows);
  pane.scrollTop = scrolled;
  if (!focused) return;
  const same = list.querySelector(`[data-row="${item.dataset.row}"]`);
  const next = same || list.children[Math.min(place, list.children.length - 1)];
  const controls = next ? [...next.querySelectorAll("button")] : [];
  (same && controls[control] ? controls[control] : controls[0] || stage).focus({ preventScroll: true });
}

// Scroll the pane, and nothing around it, as little as it takes to show an item whole.
function showIn(pane, item) {
  if (!item) return;
  const frame = pane.getBoundingClientRect(), { top, bottom } = item.getBoundingClientRect();
  if (top < frame.top) pane.scrollTop -= frame.top - top;
  else if (bottom > frame.bottom) pane.scrollTop += bottom - frame.bottom;
}

function renaming(id, name, send, again) {
  const button = makeButton("Rename", "small", () => editName(button.closest("li"), id, name, send, again), `Rename ${id}`);
  return button;
}

function editName(item, id, name, send, again) {
  const input = make("input");
  input.value = name;
  input.maxLength = MAX_NAME_LENGTH;
  input.setAttribute("aria-label", `Name of ${id}`);
  let done = false;
  const finish = (keep) => {
    if (done) return;
    done = true;
    if (keep) send(input.value);
    else again();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") finish(false);
  });
  input.addEventListener("blur", () => finish(true));
  item.querySelector(".choose").replaceWith(input);
  input.focus();
}
