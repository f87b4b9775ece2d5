// The theme, set before anything is painted, so that a dark room stays dark.

const KEY = "lesion-search-theme", BACKGROUNDS = { dark: "#0d1318", light: "#f6f8fa" };
const wanted = () => { try { return localStorage.getItem(KEY) || "dark"; } catch { return "dark"; } };
const show = () => {
  document.documentElement.style.background = BACKGROUNDS[wanted() === "dark" ? "dark" : "light"];
  if (document.body) document.body.classList.toggle("dark", wanted() === "dark");
};
const start = () => {
  show();
  new MutationObserver(() => { if (document.body.classList.contains("dark") !== (wanted() === "dark")) show(); })
    .observe(document.body, { attributes: true, attributeFilter: ["class"] });
};
show();
if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
document.addEventListener("click", (event) => {
  if (!event.target.closest || !event.target.closest("#theme-button")) return;
  try { localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark"); } catch { return; }
  show();
});
