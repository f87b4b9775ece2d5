// A region beside a lesion of the atlas: both pictures at one scale, and their measurements.

import { make, makeButton } from "../../browser/js/dom.js";
import { decimal } from "../../browser/js/numbers.js";

const MISSING = "–";

export const millimetres = (value) => (value == null ? MISSING : `${decimal(value)} mm`);

export function differenceText(value, digits, unit) {
  if (value == null) return "";
  const sign = value > 0 ? "+" : value < 0 ? "−" : "±";
  return `${sign}${decimal(Math.abs(value), digits)} ${unit}`;
}

// The table's rows: name, region, lesion, difference.
export function measurementRows(found) {
  const { facts } = found, { region, lesion } = facts, means = [facts.region_roi_mean, facts.lesion_roi_mean];
  const densities = means.some((hu) => hu == null) ? null : means[0] - means[1];
  return [
    ["Long axis", millimetres(region.long_axis_mm), millimetres(lesion.long_axis_mm), differenceText(facts.long_axis_difference_mm, 1, "mm")],
    ["Short axis", millimetres(region.short_axis_mm), millimetres(lesion.short_axis_mm), differenceText(facts.short_axis_difference_mm, 1, "mm")],
    ["Density in the middle", ...means.map((hu) => (hu == null ? MISSING : `${hu} HU`)), differenceText(densities, 0, "HU")],
    ["Person", found.query_patient || MISSING, found.hit_patient || MISSING, differenceText(found.age_difference_years, 0, "years")],
  ];
}

// `memory.heat`: whether the pictures show what makes them alike.
export function comparisonPanel(found, memory, onClose) {
  const { region, lesion, same_patient: samePatient } = found.facts;
  const pair = make("div", "pair",
    figure(found, `${region.region_id}, your lesion`, `${region.region_id}, your lesion`),
    figure(found, `${lesion.lesion_id} of the atlas`, `Atlas: ${lesion.lesion_type || "type unknown"}`));
  const [queryImage, hitImage] = pair.querySelectorAll("img");
  const box = make("input");
  const paint = () => {
    queryImage.src = memory.heat ? found.query_heat : found.query;
    hitImage.src = memory.heat ? found.hit_heat : found.hit;
  };
  box.type = "checkbox";
  box.checked = memory.heat;
  box.addEventListener("change", () => {
    memory.heat = box.checked;
    paint();
  });
  paint();
  const title = `${region.region_id} beside ${lesion.lesion_id}: similarity ${found.likeness}${samePatient ? " · same patient" : ""}`;
  const panel = make("section", "compare",
    make("div", "top", make("h3", "", title), makeButton("Close", "", onClose)),
    make("div", "body", pair, table(region.region_id, measurementRows(found))),
    make("label", "", box, "Show what makes them alike (warm colours: parts that both share)"),
    make("p", "soft", found.shown));
  panel.setAttribute("aria-label", "Comparison");
  return panel;
}

function figure(found, alt, caption) {
  const picture = make("img");
  picture.alt = alt;
  const frame = make("div", "frame", picture);
  if (found.width_mm) {
    const bar = make("span", "scale", make("span", "", "1 cm"));
    bar.style.width = `${1000 / found.width_mm}%`;
    bar.setAttribute("aria-hidden", "true");
    frame.append(bar);
  }
  return make("figure", "", frame, make("figcaption", "", caption));
}

function table(regionId, rows) {
  const heads = ["", regionId, "Atlas", "Difference"].map((text) => make(text ? "th" : "td", "", text));
  const body = rows.map(([name, ...cells]) => {
    const first = make("th", "", name);
    first.scope = "row";
    return make("tr", "", first, ...cells.map((cell) => make("td", "", cell)));
  });
  return make("table", "", make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...body));
}
