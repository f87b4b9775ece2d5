// What the components share when they build elements and read the pointer.

// A new element; children that are null or empty are left out.
export function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child != null && child !== ""));
  return node;
}

export function makeButton(text, className, onClick, name) {
  const node = make("button", className, text);
  node.type = "button";
  if (name) node.setAttribute("aria-label", name);
  node.addEventListener("click", onClick);
  return node;
}

// Where an event happened, in CSS pixels from the element's upper left corner.
export function localPoint(element, event) {
  const frame = element.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
}
