// The hits as cards, and their votes as a chart.

import { make, makeButton } from "../../browser/js/dom.js";

function image(source, text) {
  const node = make("img");
  node.src = source;
  node.alt = text;
  return node;
}

export function votesChart(votes) {
  const chart = make("dl", "votes", ...votes.map((vote, i) => {
    const fill = make("i");
    fill.style.width = `${100 * vote.probability}%`;
    const bar = make("span", "bar" + (i ? "" : " first"), fill);
    bar.setAttribute("aria-hidden", "true");
    return make("div", "", make("dt", "", vote.lesion_type), make("dd", "", bar, make("span", "share", vote.share)));
  }));
  chart.setAttribute("aria-label", "Votes of the most similar lesions on the type");
  return chart;
}

// What a vote means, in sentences; null without a calibration. `memory.explained`: whether it is unfolded.
export function explanation(sentences, memory) {
  if (!sentences.length) return null;
  const box = make("details", "how", make("summary", "", "What a vote means"), ...sentences.map((text) => make("p", "", text)));
  box.open = memory.explained;
  box.addEventListener("toggle", () => { memory.explained = box.open; });
  return box;
}

export function hitCard(hit, onClick) {
  const words = make("span", "", make("b", "", hit.lesion_type), ...[hit.size, hit.patient, hit.atlas, hit.origin].filter(Boolean).map((line) => make("i", "", line)));
  const name = `Compare with ${hit.lesion_id}: ${hit.lesion_type}, similarity ${hit.likeness}, ${hit.size}, ${[hit.patient, hit.atlas, hit.origin].filter(Boolean).join(", ")}`;
  const card = makeButton("", "", onClick, name);
  card.append(image(`atlas-lesion.png?lesion=${encodeURIComponent(hit.lesion_id)}`, ""), make("span", "similarity", hit.likeness), words);
  card.dataset.lesion = hit.lesion_id;
  card.title = name;
  card.setAttribute("aria-pressed", "false");
  return make("li", "", card);
}
