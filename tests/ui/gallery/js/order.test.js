import { equal, test } from "../../../js/harness.js";
import { ownFirst } from "../../../../ui/gallery/js/order.js";

test("own cases come first, and both parts keep the order of likeness", () => {
  const hits = ["demo atlas", "own cases", "demo atlas", "own cases"].map((atlas, rank) => ({ atlas, rank }));
  equal(ownFirst(hits).map((hit) => hit.rank), [1, 3, 0, 2]);
  equal(hits.map((hit) => hit.rank), [0, 1, 2, 3]);
});
