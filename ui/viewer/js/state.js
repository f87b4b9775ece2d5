// The states that the server sends, and what a new one asks of the screen. Pure.

const COLOURS = ["#4cc2ff", "#ffb000", "#5ee08a", "#ff7ab6", "#c9a0ff", "#ffe45c", "#ff8a65", "#7fe7e0"];

export const colourOf = (region) => COLOURS[(region.number - 1) % COLOURS.length];

export const seriesOf = (state) => state.series[state.series_index];

export const hasStudy = (state) => Boolean(state && state.series.length);

// An older state that arrives late is dropped.
export const isNewer = (before, next) => Boolean(next) && (!before || next.revision > before.revision);

// What changed: whether another study or series must be opened, what is said (null: nothing new), whether the wait for
// an opening is over, the slice to go to (null: stay at `slice`), and what an answer
// asks of the view (null: nothing new).
export function transition(before, next, slice) {
  const newStudy = !before || before.study_key !== next.study_key;
  const newSeries = newStudy || before.series_index !== next.series_index;
  let notice = null;
  if (next.notice) notice = next.notice;
  else if (newStudy) notice = { text: "", kind: "info" }; // the chat tells the warnings of a new study
  else if (newSeries) notice = { text: next.warnings.join(" "), kind: next.warnings.length ? "problem" : "info" }; // stays
  const idle = newStudy || Boolean(next.notice && next.notice.kind === "problem"); // nothing is being opened any more
  const command = !newStudy && next.view && next.view.at > (before.view?.at || 0) ? next.view : null;
  return { newStudy, newSeries, notice, idle, command, goTo: newStudy ? null : sliceToShow(before, next, newSeries ? next.start_slice : slice) };
}

function sliceToShow(before, next, slice) {
  if (!hasStudy(next)) return null;
  let at = null;
  if (before.selected !== next.selected && next.selected) {
    const region = next.regions.find((each) => each.region_id === next.selected);
    if (region && region.slice_index !== slice) at = region.slice_index;
  }
  // new suggestions that are all elsewhere: the best of them, which is the first
  const old = new Set(before.regions.map((region) => region.region_id));
  const fresh = next.regions.filter((region) => region.suggested && !old.has(region.region_id));
  if (fresh.length && !fresh.some((region) => region.slice_index === (at ?? slice))) at = fresh[0].slice_index;
  if (next.shown_at > (before.shown_at || 0)) at = next.shown_slice; // an answer names it
  return at;
}

export function regionAfterSelected(state) {
  const at = state.regions.findIndex((region) => region.region_id === state.selected);
  return state.regions[(at + 1) % state.regions.length];
}
