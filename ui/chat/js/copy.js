// What the copy button of a message puts on the clipboard: the sentences alone, as text; with Shift as Markdown. Steps
// of tools, links that lead nowhere else and numbers of evidence stay on the page.

const COPY = "#chat .message-buttons-left button:first-of-type", COPIED_MS = 2000;
const EVIDENCE = /\s*\(E\d+(?:,? (?:and )?E\d+)*\)/g;

function inline(node, markdown) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/\s+/g, " ");
  const text = [...node.childNodes].map((child) => inline(child, markdown)).join("");
  if (node.nodeName === "BR") return "\n";
  if (!markdown) return text;
  if (node.nodeName === "STRONG") return `**${text}**`;
  if (node.nodeName === "EM") return `*${text}*`;
  if (node.nodeName === "CODE") return `\`${text}\``;
  return text;
}

// One paragraph, list or table as lines; a file to download, and an answer to bring back, is none.
function block(node, markdown) {
  if (node.querySelector('a[href*="/files/"], a[href*="#show-"][href$="-"]')) return "";
  if (/^(UL|OL)$/.test(node.nodeName)) return [...node.children].map((item) => `- ${inline(item, markdown).trim()}`).join("\n");
  if (node.nodeName === "TABLE") {
    const rows = [...node.rows].map((row) => [...row.cells].map((cell) => inline(cell, markdown).trim()));
    if (markdown) rows.splice(1, 0, rows[0].map(() => "---"));
    return rows.map((cells) => (markdown ? `| ${cells.join(" | ")} |` : cells.join("\t"))).join("\n");
  }
  return inline(node, markdown).trim();
}

export function sentences(message, markdown) {
  const texts = [...message.querySelectorAll(".message-content .md")].filter((text) => !text.closest(".thought-group"));
  const blocks = texts.flatMap((text) => [...text.children].map((child) => block(child, markdown)));
  return blocks.filter(Boolean).join("\n\n").replace(EVIDENCE, "");
}

function copy(text) {
  document.addEventListener("copy", (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { once: true, capture: true });
  document.execCommand("copy"); // navigator.clipboard is refused without HTTPS, and in some frames
}

document.addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest(COPY);
  if (!button) return;
  event.preventDefault();
  event.stopPropagation(); // Gradio would copy the details of every step too
  copy(sentences(button.closest(".message-row"), event.shiftKey));
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), COPIED_MS);
}, true);
