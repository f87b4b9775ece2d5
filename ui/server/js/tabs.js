// On a narrow screen one pane is seen at a time: picture, hits or chat (page.css). On a wide one the tabs are hidden.

const PANE_KEY = "lesion-search-pane";
const LEADS_TO = { chat: "#chips button", hits: 'a[href*="#show-"]', picture: ".samples button" };

export function mount({ element }) {
  const tabs = [...element.querySelectorAll("[data-pane]")];
  const show = (pane) => {
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.pane === pane));
    window.scrollTo(0, 0);
  };
  for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.pane));
  document.addEventListener("click", ({ target }) => {
    for (const [pane, selector] of Object.entries(LEADS_TO)) if (target.closest && target.closest(selector)) show(pane);
  }, true);
  window.addEventListener("pagehide", () => keep(tabs.find((tab) => tab.getAttribute("aria-pressed") === "true").dataset.pane));
  document.addEventListener("lesion-search:state", ({ detail }) => { // a reload shows the pane that was seen before
    const pane = keep("");
    if (pane && detail.series.length) show(pane);
  }, { once: true });
  document.addEventListener("lesion-search:hits", ({ detail }) => { element.querySelector(".count").textContent = detail.hits.length || ""; });
}

// Keep the name of a pane for the page after this one; give the one that was kept before.
function keep(pane) {
  try {
    const before = sessionStorage.getItem(PANE_KEY);
    sessionStorage.setItem(PANE_KEY, pane);
    return before;
  } catch { // without storage the picture is shown
    return "";
  }
}
