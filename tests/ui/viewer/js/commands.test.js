// What an answer asks of the view.
import { close, equal, ok, test } from "../../../js/harness.js";
import { obey, steppedWindow, zoomedTo } from "../../../../ui/viewer/js/commands.js";
import * as geometry from "../../../../ui/viewer/js/geometry.js";

const SERIES = { columns: 100, rows: 100, column_mm: 1, row_mm: 1, window: { width: 80, level: 40 } };
const STAGE = { width: 400, height: 300 };
const REGION = { region_id: "R1", box: [40, 40, 50, 60] };
const NOTHING = { show: [], hide: [], slices_on: 0, window: null, window_step: null, zoom: null, zoom_on: "" };

// A viewer that keeps what it was asked.
function viewer() {
  const asked = [];
  return {
    asked, series: SERIES, size: STAGE, hidden: new Set(), view: { slice: 4, width: 400, level: 40 },
    state: { regions: [REGION], windows: [{ width: 400, level: 40 }] },
    look: (change) => asked.push(["look", change]),
    fit: () => asked.push(["fit"]),
    zoomAt: (factor) => asked.push(["zoom", factor > 1 ? "in" : "out"]),
    goTo: (slice) => asked.push(["slice", slice]),
    panes: { show: (value) => asked.push(["panes", value]) },
    find: () => ({ scrollIntoView: () => {} }),
    draw: () => {},
  };
}

function told(command) {
  const one = viewer();
  obey(one, { ...NOTHING, ...command });
  return one;
}

test("a window is set, by its numbers or by a step from the one there is", () => {
  equal(told({ window: { width: 1500, level: -600 } }).asked, [["look", { width: 1500, level: -600 }]]);
  equal(told({ window_step: "default" }).asked, [["look", { width: 80, level: 40 }]]);
  ok(steppedWindow({ width: 400, level: 40 }, "wider").width > 400, "wider");
  ok(steppedWindow({ width: 400, level: 40 }, "narrower").width < 400, "narrower");
  ok(steppedWindow({ width: 400, level: 40 }, "brighter").level < 40, "brighter");
  ok(steppedWindow({ width: 400, level: 40 }, "darker").level > 40, "darker");
});

test("zoomed to a region it lies in the middle and fills a third of the stage", () => {
  const view = zoomedTo(SERIES, STAGE, REGION);
  equal([view.x, view.y], [45, 50]);
  close(20 * geometry.scaleOf(SERIES, view, STAGE), 100, 1e-6);
  equal(told({ zoom_on: "R1" }).asked.length, 1);
  equal(told({ zoom: "in" }).asked, [["zoom", "in"]]);
  equal(told({ zoom: "fit" }).asked, [["fit"]]);
});

test("slices are counted on from the one that is looked at", () => {
  equal(told({ slices_on: -3 }).asked, [["slice", 1]]);
});

test("what is to stand beside the picture is shown, or nothing any more", () => {
  equal(told({ panes: ["plane:coronal", "series:1"] }).asked, [["panes", "plane:coronal+series:1"]]);
  equal(told({ panes: [] }).asked, [["panes", ""]]);
  equal(told({ panes: null }).asked, []);
});

test("what is hidden is shown again", () => {
  const one = told({ hide: ["outlines", "labels"] });
  equal([...one.hidden], ["outlines", "labels"]);
  obey(one, { ...NOTHING, show: ["outlines"] });
  equal([...one.hidden], ["labels"]);
});
