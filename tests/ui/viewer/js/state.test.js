import { equal, ok, test } from "../../../js/harness.js";
import { colourOf, hasStudy, isNewer, regionAfterSelected, transition } from "../../../../ui/viewer/js/state.js";

const region = (id, slice, suggested = false) => ({ region_id: id, number: Number(id.slice(1)), slice_index: slice, suggested });
const state = (changes = {}) => ({
  revision: 1, study_key: "a", series: [{}, {}], series_index: 0, shown_slice: 7, shown_at: 0, regions: [], selected: null, notice: null, warnings: [],
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
    equal(transition(before, state()), { newStudy: true, newSeries: true, notice: { text: "", kind: "info" }, idle: true, command: null, goTo: null });
});

test("the notice of a new study is said", () => {
  equal(transition(null, state({ notice: { text: "Hello", kind: "info" } })).notice.text, "Hello");
});

test("another series of the study tells its warnings", () => {
  const change = transition(state(), state({ series_index: 1, warnings: ["Tilted.", "Uneven."] }));
  ok(!change.newStudy && change.newSeries && !change.idle, "a series");
  equal(change.notice, { text: "Tilted. Uneven.", kind: "problem" }); // it stays
});

test("a slice that an answer or a chosen region asks for is gone to, once", () => {
  const asked = state({ shown_slice: 4, shown_at: 9 });
  equal(transition(state(), asked).goTo, 4);
  equal(transition(asked, asked).goTo, null);
});

test("a state that changes nothing moves nothing", () => {
  equal(transition(state(), state()), { newStudy: false, newSeries: false, notice: null, idle: false, command: null, goTo: null });
});

test("what an answer asks of the view is done once, and not in another study", () => {
  const asked = state({ view: { at: 9, zoom: "in" } });
  equal(transition(state(), asked).command, asked.view);
  equal(transition(asked, asked).command, null);
  equal(transition(state({ study_key: "b" }), asked).command, null);
});

test("a problem ends the wait", () => {
  ok(transition(state(), state({ notice: { text: "No.", kind: "problem" } })).idle, "no longer busy");
});

test("in another series the way starts at the slice it shows", () => {
  equal(transition(state(), state({ series_index: 1, shown_slice: 2, shown_at: 9 })).goTo, null); // it opens there
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
