// In the head of the page, before anything is painted: the theme, so that a dark room stays dark, and what Gradio would
// show of a lost connection, said as a sentence of this page.
(() => {
  const KEY = "lesion-search-theme", EVERYTHING = { childList: true, subtree: true };
  const wanted = () => { try { return localStorage.getItem(KEY) || "dark"; } catch { return "dark"; } };
  const show = () => {
    document.documentElement.style.background = wanted() === "dark" ? "#0d1318" : "#f6f8fa";
    if (document.body) document.body.classList.toggle("dark", wanted() === "dark");
  };
  const tell = () => {
    const said = document.querySelector(".toast-body"), line = document.getElementById("trouble");
    if (!said || !line || !line.hidden) return;
    line.textContent = /connection|network/i.test(said.textContent)
      ? "The server does not answer. When it is back, this page starts anew: open the case again then."
      : "The server could not do this just now: try again in a moment, or reload the page.";
    line.hidden = false;
  };
  const start = () => {
    show();
    new MutationObserver(() => { if (document.body.classList.contains("dark") !== (wanted() === "dark")) show(); })
      .observe(document.body, { attributes: true, attributeFilter: ["class"] });
    new MutationObserver(tell).observe(document.body, EVERYTHING);
  };
  show();
  if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest("#theme-button")) return;
    try { localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark"); } catch { return; }
    show();
  });
})();
