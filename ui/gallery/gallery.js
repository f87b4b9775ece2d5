// Hits, votes and comparison. Runs as the body of a function with `element`, `props` and `watch` (gr.HTML, js_on_load).

const root = element.querySelector(".gallery"), part = (name) => root.querySelector("." + name);
let state = null, chosen = null, heat = true, asked = 0, explained = false;

const mm = (value) => (value == null ? "–" : `${value.toFixed(1)} mm`);

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child != null && child !== ""));
  return node;
}
function apply() {
  const next = props.value;
  if (!next || (state && next.revision <= state.revision)) return;
  const same = state && state.study_key === next.study_key && state.region_id === next.region_id;
  const sameHits = same && next.hits.length > 0 && JSON.stringify(state.hits) === JSON.stringify(next.hits);
  state = next;
  part("found").removeAttribute("aria-busy");
  show(sameHits);
}

function show(sameHits) {
  const found = Boolean(state.verdict);
  root.hidden = !found && !state.hint;
  part("title").textContent = state.hits.length ? `Lesions like ${state.region_id}` : "Similar lesions";
  part("hint").textContent = state.hint;
  part("hint").hidden = !state.hint;
  for (const each of ["verdict", "filters", "found", "views"]) part(each).hidden = !found;
  part("problem").textContent = state.problem;
  part("verdict").className = `verdict ${state.confidence}`;
  part("verdict").textContent = state.verdict;
  if (found) {
    fillFilters();
    part("summary").replaceChildren(...[state.votes.length ? votes() : null, make("p", "soft searched", `${state.searched} ${state.hits.length ? `Choose a lesion to see it beside ${state.region_id}.` : ""}`), state.votes.length ? explanation() : null].filter(Boolean));
  }
  if (sameHits) return;
  chosen = null;
  part("place").replaceChildren();
  part("hits").replaceChildren(...state.hits.map(hit));
  part("hits").scrollTop = 0;
  placeOnMap();
}

function votes() {
  const chart = make("dl", "votes");
  chart.setAttribute("aria-label", "Votes of the most similar lesions on the type");
  state.votes.forEach((vote, i) => {
    const fill = make("i");
    fill.style.width = `${100 * vote.probability}%`;
    const bar = make("span", "bar" + (i ? "" : " first"), fill);
    bar.setAttribute("aria-hidden", "true");
    chart.append(make("div", "", make("dt", "", vote.lesion_type), make("dd", "", bar, make("span", "share", vote.share))));
  });
  return chart;
}

function explanation() {
  if (!state.calibration.length) return null;
  const box = make("details", "how", make("summary", "", "What a vote means"), ...state.calibration.map((text) => make("p", "", text)));
  box.open = explained;
  box.addEventListener("toggle", () => { explained = box.open; });
  return box;
}

function picture(source, text) {
  const image = make("img");
  image.src = source; image.alt = text;
  return image;
}

function hit(each) {
  const words = make("span", "", make("b", "", each.lesion_type), [each.size, each.person].filter(Boolean).join(" · "));
  const card = make("button", "", picture(`atlas-lesion.png?lesion=${encodeURIComponent(each.lesion_id)}`, ""), make("span", "similarity", each.likeness), words);
  card.type = "button"; card.dataset.lesion = each.lesion_id; card.title = each.lesion_id;
  card.setAttribute("aria-pressed", "false");
  card.setAttribute("aria-label", `Compare with ${each.lesion_id}: ${each.lesion_type}, similarity ${each.likeness}, ${each.size}, ${each.person}`);
  card.addEventListener("click", () => open(each.lesion_id === chosen ? null : each.lesion_id));
  return make("li", "", card);
}

async function open(lesion) {
  chosen = lesion;
  const turn = ++asked;
  for (const card of root.querySelectorAll(".hits button")) card.setAttribute("aria-pressed", String(card.dataset.lesion === lesion));
  const place = part("place");
  drawMap();
  if (!lesion) { place.replaceChildren(); return; }
  if (!place.firstChild) place.append(make("p", "soft", `Comparing ${state.region_id} with ${lesion}…`));
  place.setAttribute("aria-busy", "true");
  const address = `studies/${state.study_key}/regions/${state.region_id}/comparison?lesion=${encodeURIComponent(lesion)}`;
  try {
    const reply = await fetch(address);
    const found = await reply.json();
    if (!reply.ok) throw new Error(found.detail);
    if (turn === asked) { place.replaceChildren(comparison(found)); place.scrollIntoView({ block: "nearest", behavior: "smooth" }); }
  } catch (error) {
    const why = error instanceof TypeError ? "the server does not answer; check the connection." : error.message;
    if (turn === asked) place.replaceChildren(make("p", "soft", `The comparison could not be made: ${why}`));
  }
  if (turn === asked) place.removeAttribute("aria-busy");
}

function figure(found, source, alt, caption) {
  const frame = make("div", "frame", picture(source, alt));
  if (found.width_mm) {
    const bar = make("span", "scale", "1 cm");
    bar.style.width = `${1000 / found.width_mm}%`;
    bar.setAttribute("aria-hidden", "true");
    frame.append(bar);
  }
  return make("figure", "", frame, make("figcaption", "", caption));
}

function comparison(found) {
  const { facts } = found, region = facts.region, lesion = facts.lesion;
  const pair = make("div", "pair",
    figure(found, found.query, `${region.region_id}, your lesion`, `${region.region_id}, your lesion`),
    figure(found, found.hit, `${lesion.lesion_id} of the atlas`, `Atlas: ${lesion.lesion_type || "type unknown"}`));
  const images = pair.querySelectorAll("img");
  const paint = () => { images[0].src = heat ? found.query_heat : found.query; images[1].src = heat ? found.hit_heat : found.hit; };
  const box = make("input");
  box.type = "checkbox"; box.checked = heat;
  box.addEventListener("change", () => { heat = box.checked; paint(); });
  paint();
  const close = make("button", "", "Close");
  close.type = "button";
  close.addEventListener("click", () => open(null));
  const difference = (value, digits, unit) => (value == null ? "" : `${value > 0 ? "+" : value < 0 ? "−" : "±"}${Math.abs(value).toFixed(digits)} ${unit}`);
  const densities = facts.region_roi_mean == null || facts.lesion_roi_mean == null ? null : facts.region_roi_mean - facts.lesion_roi_mean;
  const years = found.age_difference_years;
  const rows = [
    ["Long axis", mm(region.long_axis_mm), mm(lesion.long_axis_mm), difference(facts.long_axis_difference_mm, 1, "mm")],
    ["Short axis", mm(region.short_axis_mm), mm(lesion.short_axis_mm), difference(facts.short_axis_difference_mm, 1, "mm")],
    ["Density in the middle", ...[facts.region_roi_mean, facts.lesion_roi_mean].map((hu) => (hu == null ? "–" : `${hu} HU`)), difference(densities, 0, "HU")],
    ["Person", found.query_person || "–", found.hit_person || "–", difference(years, 0, "years")],
  ];
  const table = make("table", "", make("thead", "", make("tr", "", ...["", region.region_id, "Atlas", "Difference"].map((text) => make(text ? "th" : "td", "", text)))));
  table.append(make("tbody", "", ...rows.map(([name, ...cells]) => {
    const first = make("th", "", name);
    first.scope = "row";
    return make("tr", "", first, ...cells.map((cell) => make("td", "", cell)));
  })));
  const same = facts.same_patient ? " · same patient" : "";
  const panel = make("section", "compare",
    make("div", "top", make("h3", "", `${region.region_id} beside ${lesion.lesion_id}: similarity ${found.likeness}${same}`), close),
    make("div", "body", pair, table),
    make("label", "", box, "Show what makes them alike (warm colours: parts that both share)"),
    make("p", "soft", found.shown));
  panel.setAttribute("aria-label", "Comparison");
  return panel;
}

// Citations in the chat are links to #lesion-<id>: they open here.
document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest('a[href*="#lesion-"]');
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  const lesion = decodeURIComponent(link.getAttribute("href").split("#lesion-")[1]);
  if (state && state.region_id) open(lesion);
}, true);
