import { equal, test } from "../../../js/harness.js";
import { fits } from "../../../../ui/viewer/js/own_cases.js";

const CASE = { lesion_id: "own-1", lesion_type: "adrenal adenoma", words: "21 mm, pathology", note: "Fat inside." };

test("a case fits when it holds every word that was typed, wherever they stand", () => {
  equal(["", "  ", "ADENOMA", "fat adrenal", "pathology 21", "own-1"].map((typed) => fits(CASE, typed)), Array(6).fill(true));
  equal(["cyst", "adrenal cyst"].map((typed) => fits(CASE, typed)), [false, false]);
});
