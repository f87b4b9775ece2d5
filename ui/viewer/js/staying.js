// Nothing is lost: how a page is left and come back to, and what was deleted.

const VIEW_KEY = "lesion-search-view", WAIT_MS = 1000;

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

function rememberView({ state, view, panes }) {
  if (!view) return;
  const kept = { study: state.study_key, series: state.series_index, view, beside: panes.asShown };
  try { sessionStorage.setItem(VIEW_KEY, JSON.stringify(kept)); } catch { /* without storage the view starts anew */ }
}

// How this series was looked at before the page was reloaded, and what stood beside it; null where it was not.
export function rememberedView(state) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(VIEW_KEY));
    sessionStorage.removeItem(VIEW_KEY);
    return kept && kept.study === state.study_key && kept.series === state.series_index ? kept : null;
  } catch {
    return null;
  }
}
