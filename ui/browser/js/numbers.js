// Arithmetic of more than one component.

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// A number with so many decimals at most: zeros at the end are left out, as in the sentences of the chat.
export const decimal = (value, digits = 1) => String(Number(value.toFixed(digits)));

export const distance = ([x0, y0], [x1, y1]) => Math.hypot(x1 - x0, y1 - y0);

// One finger of two went from `was` to `now` while the `other` rested: how the picture moves, and by how much it grows
// around which point. All in pixels.
export function pinch(was, now, other) {
  return {
    dx: (now[0] - was[0]) / 2,
    dy: (now[1] - was[1]) / 2,
    factor: distance(now, other) / Math.max(distance(was, other), 1),
    centre: [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2],
  };
}
