// In which order hits are shown.

const OWN = "own cases"; // as the server names that atlas

// The own cases before the others, each in the order of likeness.
export function ownFirst(hits) {
  return [...hits.filter((hit) => hit.atlas === OWN), ...hits.filter((hit) => hit.atlas !== OWN)];
}
