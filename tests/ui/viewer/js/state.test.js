import { equal, ok, test } from "../../../js/harness.js";
import { colourOf, hasStudy, isNewer, regionAfterSelected, transition } from "../../../../ui/viewer/js/state.js";

const region = (id, slice, suggested = false) => ({ region_id: id, number: Number(id.slice(1)), slice_index: slice, suggested });
const state = (changes = {}) => ({
  revision: 1, study_key: "a", series: [{}, {}], series_index: 0, start_slice: 7, regions: [], selected: null, notice: null, warnings: [],
  ...changes,
});

test("only a newer state counts", () => {
  ok(isNewer(null, state()), "the first");
  ok(isNewer(state(), state({ revision: 2 })), "a newer");
  ok(!isNewer(state(), state()) && !isNewer(state({ revision: 3 }), state({ revision: 2 })), "the same or an older");
  ok(!isNewer(null, null) && !isNewer(state(), undefined), "none");
});

test("there is a study when it has series", () => {
  ok(hasStudy(state()) && !hasStudy(state({ series: [] })) && !hasStudy(null), "has a study");
});

test("a new study opens its series, ends the wait and clears the notice", () => {
  for (const before of [null, state({ study_key: "b" })])
    equal(transition(before, state(), 3), { newStudy: true, newSeries: true, notice: { text: "", kind: "info" }, idle: true, goTo: null });
});

test("the notice of a new study is said", () => {
  equal(transition(null, state({ notice: { text: "Hello", kind: "info" } }), 0).notice.text, "Hello");
});

test("another series of the study tells its warnings", () => {
  const change = transition(state(), state({ series_index: 1, warnings: ["Tilted.", "Uneven."] }), 3);
  ok(!change.newStudy && change.newSeries && !change.idle, "a series");
  equal(change.notice, { text: "Tilted. Uneven.", kind: "problem" }); // it stays
});

test("a slice that an answer names is gone to, once", () => {
  const asked = state({ shown_slice: 4, shown_at: 9 });
  equal(transition(state(), asked, 3).goTo, 4);
  equal(transition(asked, asked, 3).goTo, null);
});

test("a state that changes nothing moves nothing", () => {
  equal(transition(state(), state(), 3), { newStudy: false, newSeries: false, notice: null, idle: false, goTo: null });
});

test("a problem ends the wait", () => {
  ok(transition(state(), state({ notice: { text: "No.", kind: "problem" } }), 3).idle, "no longer busy");
});

test("a newly chosen region is gone to", () => {
  const regions = [region("R1", 5), region("R2", 3)];
  equal(transition(state({ regions }), state({ regions, selected: "R1" }), 3).goTo, 5);
  equal(transition(state({ regions }), state({ regions, selected: "R2" }), 3).goTo, null); // already there
  equal(transition(state({ regions, selected: "R1" }), state({ regions, selected: "R1" }), 3).goTo, null); // not new
  equal(transition(state({ regions, selected: "R1" }), state({ regions }), 3).goTo, null);
});

test("new suggestions are gone to, the best first, unless one is here", () => {
  const old = [region("R1", 3)], fresh = [region("R2", 9, true), region("R3", 4, true)];
  equal(transition(state({ regions: old }), state({ regions: [...old, ...fresh] }), 3).goTo, 9);
  equal(transition(state({ regions: old }), state({ regions: [...old, ...fresh] }), 4).goTo, null);
  equal(transition(state({ regions: fresh }), state({ regions: fresh }), 3).goTo, null); // not new
});

test("in another series the way starts at its first slice", () => {
  const next = state({ series_index: 1, regions: [region("R1", 7)], selected: "R1" });
  equal(transition(state(), next, 2).goTo, null); // it opens on slice 7
});

test("the next region follows the chosen one, and after the last comes the first", () => {
  const regions = [region("R1", 0), region("R2", 0), region("R4", 0)];
  equal(regionAfterSelected(state({ regions, selected: "R1" })).region_id, "R2");
  equal(regionAfterSelected(state({ regions, selected: "R4" })).region_id, "R1");
  equal(regionAfterSelected(state({ regions })).region_id, "R1");
});

test("colours repeat after eight", () => {
  equal(colourOf({ number: 9 }), colourOf({ number: 1 }));
  equal(new Set([1, 2, 3, 4, 5, 6, 7, 8].map((number) => colourOf({ number }))).size, 8);
});
