// Edges between panes: dragged with the pointer, moved with the arrow keys, put back by a double-click or Home.

import { clamp } from "./numbers.js";

const STEP_PX = 24;

// `edge` has role="separator". `size()` is the pane's size in CSS pixels, `range()` gives [smallest, largest], and
// `set(size)` makes it so, null as it was. `sign`: -1 where the pane grows when the edge moves left or up.
export function movableEdge(edge, { size, range, set, sign = 1 }) {
  const vertical = edge.getAttribute("aria-orientation") === "vertical";
  const move = (to) => {
    const [low, high] = range();
    set(clamp(Math.round(to), low, Math.max(low, high)));
    tell();
  };
  const tell = () => {
    const [low, high] = range(), values = { min: low, max: Math.max(low, high), now: size() };
    for (const [name, value] of Object.entries(values)) edge.setAttribute(`aria-value${name}`, Math.round(value));
  };
  const reset = () => {
    set(null);
    tell();
  };
  edge.addEventListener("pointerdown", (event) => {
    const was = size(), start = vertical ? event.clientX : event.clientY;
    const follow = (moved) => move(was + sign * ((vertical ? moved.clientX : moved.clientY) - start));
    event.preventDefault();
    edge.focus({ preventScroll: true });
    edge.setPointerCapture(event.pointerId);
    edge.addEventListener("pointermove", follow);
    edge.addEventListener("lostpointercapture", () => edge.removeEventListener("pointermove", follow), { once: true });
  });
  edge.addEventListener("dblclick", reset);
  edge.addEventListener("focus", tell);
  edge.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (way) move(size() + way * sign * STEP_PX);
    else if (event.key === "Home") reset();
    else return;
    event.preventDefault();
  });
}
