// The edge between the picture's column and the conversation's.

import { movableEdge } from "../../browser/js/edges.js";

const LEAST_LEFT = 0.4, LEAST_RIGHT_PX = 320;

export function mount({ element }) {
  const part = (id) => document.getElementById(id); // not in the document yet
  movableEdge(element.querySelector(".edge"), {
    size: () => part("left").offsetWidth,
    range: () => [LEAST_LEFT * part("page").clientWidth, part("page").clientWidth - LEAST_RIGHT_PX],
    set: (size) => part("page").style.setProperty("--left-width", size === null ? "" : `${size}px`),
  });
}
