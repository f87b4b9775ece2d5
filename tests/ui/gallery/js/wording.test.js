import { equal, test } from "../../../js/harness.js";
import { differenceText, measurementRows, millimetres } from "../../../../ui/gallery/js/comparison.js";
import { typesText } from "../../../../ui/gallery/js/filters.js";

test("differences carry their sign, also none at all", () => {
  equal([differenceText(2.34, 1, "mm"), differenceText(-2.36, 1, "mm"), differenceText(0, 0, "HU")], ["+2.3 mm", "−2.4 mm", "±0 HU"]);
  equal([differenceText(null, 1, "mm"), differenceText(undefined, 1, "mm")], ["", ""]);
});

test("what was not measured is a dash", () => {
  equal([millimetres(12.345), millimetres(0), millimetres(null)], ["12.3 mm", "0 mm", "–"]);
});

test("the table compares what both have", () => {
  const facts = {
    region: { long_axis_mm: 20, short_axis_mm: null }, lesion: { long_axis_mm: 18, short_axis_mm: 9 },
    long_axis_difference_mm: 2, short_axis_difference_mm: null, region_roi_mean: 0, lesion_roi_mean: 45,
  };
  equal(measurementRows({ facts, query_patient: "woman, 64", hit_patient: "", age_difference_years: null }), [
    ["Long axis", "20 mm", "18 mm", "+2 mm"],
    ["Short axis", "–", "9 mm", ""],
    ["Density in the middle", "0 HU", "45 HU", "−45 HU"],
    ["Person", "woman, 64", "–", ""],
  ]);
  const unknown = measurementRows({ facts: { ...facts, lesion_roi_mean: null } });
  equal(unknown[2], ["Density in the middle", "0 HU", "–", ""]);
});

test("chosen types are named, or counted", () => {
  equal([typesText([]), typesText(["liver"]), typesText(["liver", "lung"])], ["All types", "liver", "2 types"]);
});
