// Nothing is lost: how a page is left and come back to, and what was deleted.

const VIEWS_KEY = "lesion-search-views", MOST_VIEWS = 20, WAIT_MS = 1000;

// Leaving with work asks first; a page that is looked at again, or has its network back, asks what there is.
export function listenToLeaving(viewer) {
  let asked = 0;
  const refresh = () => {
    if (document.hidden || Date.now() - asked < WAIT_MS) return;
    asked = Date.now();
    viewer.trigger("refresh");
  };
  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("online", refresh);
  window.addEventListener("pageshow", (event) => { if (event.persisted) refresh(); });
  window.addEventListener("beforeunload", (event) => { if (hasWork(viewer)) event.preventDefault(); });
  window.addEventListener("pagehide", () => rememberView(viewer));
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (event.target.matches("input, textarea, select")) return;
    event.preventDefault();
    viewer.trigger("undo");
  });
}

// Work is what a person has marked or asked; the server is not there to keep it when the connection is lost.
function hasWork({ state }) {
  return Boolean(state && state.regions.some((region) => !region.suggested)) || Boolean(document.querySelector("#chat .user"));
}

const nameOf = (state) => `${state.study_key}/${state.series_index}`;

function readViews() {
  try { return new Map(JSON.parse(sessionStorage.getItem(VIEWS_KEY)) || []); } catch { return new Map(); }
}

// Remember how the series on the screen is looked at, before another one is shown or the page is left.
export function rememberView({ state, view, panes }) {
  if (!view) return;
  const views = readViews(), name = nameOf(state);
  views.delete(name); // so that it is the newest
  views.set(name, { view, beside: panes.asShown, shown_at: state.shown_at || 0 });
  try { sessionStorage.setItem(VIEWS_KEY, JSON.stringify([...views].slice(-MOST_VIEWS))); } catch { /* then views start anew */ }
}

// How this series was looked at when it was left, and what stood beside it, on the slice that an answer has asked for
// since; null where it was never looked at.
export function rememberedView(state) {
  const kept = readViews().get(nameOf(state));
  if (!kept) return null;
  if ((state.shown_at || 0) > kept.shown_at) kept.view.slice = state.shown_slice;
  return kept;
}
