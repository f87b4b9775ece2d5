// What Gradio would show of a lost connection, said as a sentence of this page.

const LOST = "The server does not answer. When it is back, this page goes on where you are.";
const FAILED = "The server could not do this just now: try again in a moment, or reload the page.";

function tell() {
  const said = document.querySelector(".toast-body"), line = document.getElementById("trouble");
  if (!said || !line || !line.hidden) return;
  line.textContent = /connection|network/i.test(said.textContent) ? LOST : FAILED;
  line.hidden = false;
}

new MutationObserver(tell).observe(document.documentElement, { childList: true, subtree: true });
