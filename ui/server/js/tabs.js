// On a narrow screen one pane is seen at a time: picture, hits or chat (page.css). On a wide one the tabs are hidden.

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
  document.addEventListener("lesion-search:hits", ({ detail }) => { element.querySelector(".count").textContent = detail.hits.length || ""; });
}
