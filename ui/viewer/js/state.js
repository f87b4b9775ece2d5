// The states that the server sends, and what a new one asks of the screen. Pure.

const COLOURS = ["#4cc2ff", "#ffb000", "#5ee08a", "#ff7ab6", "#c9a0ff", "#ffe45c", "#ff8a65", "#7fe7e0"];

export const colourOf = (region) => COLOURS[(region.number - 1) % COLOURS.length];

export const seriesOf = (state) => state.series[state.series_index];

export const hasStudy = (state) => Boolean(state && state.series.length);

// An older state that arrives late is dropped.
export const isNewer = (before, next) => Boolean(next) && (!before || next.revision > before.revision);

// What changed: whether another study or series must be opened (at its shown slice), what is said (null: nothing new),
// whether the wait for an opening is over, the slice to go to (null: stay), and what an answer asks of the view (null:
// nothing new).
export function transition(before, next) {
  const newStudy = !before || before.study_key !== next.study_key;
  const newSeries = newStudy || before.series_index !== next.series_index;
  let notice = null;
  if (next.notice) notice = next.notice;
  else if (newStudy) notice = { text: "", kind: "info" }; // the chat tells the warnings of a new study
  else if (newSeries) notice = { text: next.warnings.join(" "), kind: next.warnings.length ? "problem" : "info" }; // stays
  const idle = newStudy || Boolean(next.notice && next.notice.kind === "problem"); // nothing is being opened any more
  const command = !newStudy && next.view && next.view.at > (before.view?.at || 0) ? next.view : null;
  const goTo = !newSeries && next.shown_at > (before.shown_at || 0) ? next.shown_slice : null;
  return { newStudy, newSeries, notice, idle, command, goTo };
}

export function regionAfterSelected(state) {
  const at = state.regions.findIndex((region) => region.region_id === state.selected);
  return state.regions[(at + 1) % state.regions.length];
}
