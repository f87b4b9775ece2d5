// Hits, votes and comparison of the selected region, its filters, and the map of the atlas.

import { make } from "../../browser/js/dom.js";
import { AtlasMap } from "./atlas_map.js";
import { explanation, hitCard, votesChart } from "./cards.js";
import { comparisonPanel } from "./comparison.js";
import { Filters } from "./filters.js";
import { ownFirst } from "./order.js";

const LINK = /#show-(\w+)-(R\d+|)-(.*)$/; // of an answer: its turn, a region and an atlas lesion

// Bring a gr.HTML component to life: `element` holds gallery.html; `props.value` is the newest state, and `watch` tells
// of a new one; `trigger` sends an event to the server.
export function mount({ element, props, trigger, watch }) {
  const gallery = new Gallery(element.querySelector(".gallery"), trigger);
  const apply = () => gallery.apply(props.value);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href*="#show-"], a[href$="#undo"]');
    const named = link && LINK.exec(link.getAttribute("href"));
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    if (!named) trigger("undo");
    else trigger("show", { turn: named[1], region_id: named[2], lesion: decodeURIComponent(named[3]) });
  }, true);
  watch("value", apply);
  apply();
}

const ofRegion = (state) => `${state.study_key}/${state.region_id}`;

class Gallery {
  constructor(root, trigger) {
    this.root = root;
    this.part = (name) => root.querySelector("." + name);
    this.state = null; // what the server says
    this.chosen = null; // the lesion that is compared
    this.opening = 0; // number of the comparison asked for last
    this.comparisons = new Map(); // the lesion beside each region of each study (null: closed), and what answers had said
    this.memory = { heat: true, explained: false }; // what stays as it is from one comparison or search to the next
    this.filters = new Filters(this.part("filters"), (controls) => {
      this.part("found").setAttribute("aria-busy", "true");
      trigger("search", { study: this.state.study_key, region_id: this.state.region_id, controls });
    });
    this.part("own-first").addEventListener("change", () => this.showHits(this.state));
    this.map = new AtlasMap(this.part("map"), (lesion) => this.open(lesion));
    for (const each of this.part("views").querySelectorAll("button")) each.addEventListener("click", () => this.showAs(each));
  }

  apply(next) {
    if (!next || (this.state && next.revision <= this.state.revision)) return;
    const before = this.state, here = Boolean(before) && before.study_key === next.study_key;
    const same = here && before.region_id === next.region_id, of = ofRegion(next);
    this.state = next;
    this.part("found").removeAttribute("aria-busy");
    document.dispatchEvent(new CustomEvent("lesion-search:hits", { detail: next })); // to the tab and the viewer
    this.show();
    if (!same || !next.hits.length || JSON.stringify(before.hits) !== JSON.stringify(next.hits)) {
      if (same) this.comparisons.delete(of);
      this.showHits(next);
    }
    const last = this.comparisons.get(of);
    if (next.compared && next.compared_at > (last ? last.at : 0)) this.open(next.compared, here); // an answer says so
    else if (!same && last && last.lesion) this.open(last.lesion, false);
  }

  showHits(next) {
    this.chosen = null;
    this.part("place").replaceChildren();
    const own = this.part("own-first");
    own.hidden = new Set(next.hits.map((hit) => hit.atlas)).size < 2;
    const hits = own.querySelector("input").checked ? ownFirst(next.hits) : next.hits;
    this.part("hits").replaceChildren(...hits.map((hit) => hitCard(hit, () => this.open(hit.lesion_id === this.chosen ? null : hit.lesion_id))));
    this.part("hits").scrollLeft = 0;
    this.placeOnMap();
  }

  show() {
    const { part, state } = this, found = Boolean(state.verdict);
    this.root.hidden = !found && !state.hint;
    if (found) this.root.dataset.searched = state.study_key; // its room stays until another study is open
    else if (this.root.dataset.searched !== state.study_key) delete this.root.dataset.searched;
    part("title").textContent = state.hits.length ? `Lesions like ${state.region_id}` : "Similar lesions";
    part("hint").textContent = state.hint;
    part("hint").hidden = !state.hint;
    for (const name of ["verdict", "filters", "found", "views", "about"]) part(name).hidden = !found;
    part("problem").textContent = state.problem;
    part("verdict").className = `verdict ${state.confidence}`;
    part("verdict").textContent = state.verdict;
    if (!found) return;
    this.filters.show(state);
    const searched = `${state.searched} ${state.hits.length ? `Choose a lesion to see it beside ${state.region_id}.` : ""}`;
    const voted = state.votes.length > 0;
    part("summary").replaceChildren(...(voted ? [votesChart(state.votes)] : []));
    part("about").replaceChildren(...[
      make("p", "soft searched", searched),
      voted ? explanation(state.calibration, this.memory) : null,
    ].filter(Boolean));
  }

  // As pictures or as a map, whichever button was pressed.
  showAs(button) {
    for (const each of this.part("views").querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
    this.map.show(button.dataset.view === "map");
    this.part("hits").hidden = this.map.shown;
    this.placeOnMap();
  }

  placeOnMap() {
    if (this.state.verdict) this.map.place(this.state.study_key, this.state.region_id);
  }

  // Compare the region with a lesion of the atlas, and scroll there where somebody asked for it now; null closes it.
  async open(lesion, scrolls = true) {
    const turn = ++this.opening, place = this.part("place"), { state } = this, before = this.chosen;
    this.chosen = lesion;
    this.comparisons.set(ofRegion(state), { lesion, at: state.compared_at });
    for (const card of this.root.querySelectorAll(".hits button")) card.setAttribute("aria-pressed", String(card.dataset.lesion === lesion));
    this.map.choose(lesion);
    if (!lesion) {
      const card = place.contains(document.activeElement) && this.root.querySelector(`.hits button[data-lesion="${CSS.escape(before)}"]`);
      place.replaceChildren();
      if (card) card.focus(); // who works with keys stays where they were
      return;
    }
    if (!place.firstChild) place.append(make("p", "soft", `Comparing ${state.region_id} with ${lesion}…`));
    place.setAttribute("aria-busy", "true");
    const result = await this.compared(`studies/${state.study_key}/regions/${state.region_id}/comparison?lesion=${encodeURIComponent(lesion)}`);
    if (turn !== this.opening) return;
    place.replaceChildren(result);
    place.removeAttribute("aria-busy");
    if (scrolls && result.matches(".compare")) place.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  // The panel of a comparison, or why there is none.
  async compared(address) {
    try {
      const reply = await fetch(address), found = await reply.json();
      if (!reply.ok) throw new Error(found.detail);
      return comparisonPanel(found, this.memory, () => this.open(null));
    } catch (error) {
      const why = error instanceof TypeError ? "the server does not answer; check the connection." : error.message;
      return make("p", "soft", `The comparison could not be made: ${why}`);
    }
  }
}
