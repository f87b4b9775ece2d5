// The list of regions under the picture: choose, rename, accept, delete.

import { make, makeButton } from "../../browser/js/dom.js";
import { colourOf } from "./state.js";

const MAX_NAME_LENGTH = 40;

// `act(kind, fields)` asks the server; `stage` takes the focus when the last region goes.
export function listRegions(list, state, act, stage) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const item = focused && focused.closest("li"), place = item ? [...list.children].indexOf(item) : -1;
  const control = focused ? [...item.querySelectorAll("button")].indexOf(focused) : -1;
  const again = () => listRegions(list, state, act, stage), pane = list.parentElement, scrolled = pane.scrollTop;
  list.replaceChildren(...state.regions.map((region) => regionItem(region, region.region_id === state.selected, act, again)));
  pane.scrollTop = scrolled;
  if (list.dataset.selected !== String(state.selected)) showIn(pane, list.querySelector(".selected"));
  list.dataset.selected = state.selected;
  if (!focused) return;
  // who works with keys stays where they were: at the same control, at the next region, or at the picture
  const same = list.querySelector(`[data-region="${item.dataset.region}"]`);
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

function regionItem(region, selected, act, again) {
  const id = region.region_id, { suggested } = region;
  const choose = makeButton(region.name ? `${id} ${region.name}` : id, "choose", () => act("select", { region_id: id }), `Show ${id}`);
  if (selected) choose.setAttribute("aria-current", "true");
  const what = make("span", "what", `${suggested ? "suggested · " : ""}slice ${region.slice_index + 1} · ${region.size}${region.mark ? ` (${region.mark})` : ""} · ${region.density}`);
  const accept = makeButton("Accept", "small", () => act("accept", { region_id: id }), `Accept the suggestion ${id}`);
  const rename = makeButton("Rename", "small", () => editName(item, region, act, again), `Rename ${id}`);
  const remove = makeButton(suggested ? "Dismiss" : "Delete", "small", () => act("remove", { region_id: id }), `Delete ${id}`);
  const item = make("li", "", choose, what, make("span", "buttons", suggested ? accept : rename, remove));
  item.style.setProperty("--colour", colourOf(region));
  item.classList.toggle("selected", selected);
  item.classList.toggle("suggested", suggested);
  item.dataset.region = id;
  item.dataset.outlined = region.outlined;
  return item;
}

function editName(item, region, act, again) {
  const input = make("input");
  input.value = region.name;
  input.maxLength = MAX_NAME_LENGTH;
  input.setAttribute("aria-label", `Name of ${region.region_id}`);
  let done = false;
  const finish = (keep) => {
    if (done) return;
    done = true;
    if (keep) act("rename", { region_id: region.region_id, name: input.value });
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
