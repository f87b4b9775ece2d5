// The theme, set before anything is painted: the user's choice, else the system's; paper is always light.

const KEY = "lesion-search-theme", BACKGROUNDS = { dark: "#0d1318", light: "#f6f8fa" };
const paper = matchMedia("print"), system = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
const wanted = () => chosen() || (system.matches ? "dark" : "light");
const dark = () => !paper.matches && wanted() === "dark";
const show = () => {
  document.documentElement.style.background = paper.matches ? "#fff" : BACKGROUNDS[dark() ? "dark" : "light"];
  if (document.body && document.body.classList.contains("dark") !== dark()) document.body.classList.toggle("dark", dark());
};
const start = () => {
  show();
  new MutationObserver(show).observe(document.body, { attributes: true, attributeFilter: ["class"] });
};
show();
for (const media of [paper, system]) media.addEventListener("change", show);
if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
document.addEventListener("click", (event) => {
  if (!event.target.closest || !event.target.closest("#theme-button")) return;
  try { localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark"); } catch { return; }
  show();
});
