import { close, equal, ok, test } from "../../../js/harness.js";
import * as windowing from "../../../../ui/viewer/js/windowing.js";

const OFFERED = [{ name: "Soft tissue", width: 400, level: 40 }, { name: "Lung", width: 1500, level: -600 }];

// The grey of each HU, after checking that the pixels are opaque and colourless.
function greys(window, ...hus) {
  const table = new Uint32Array(65536), pixels = new Uint32Array(hus.length);
  windowing.fillTable(table, window);
  windowing.applyTable(table, Int16Array.from(hus), pixels);
  return [...pixels].map((pixel) => {
    const [r, g, b, a] = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, pixel >>> 24];
    ok(r === g && g === b && a === 255, `opaque grey, not ${[r, g, b, a]}`);
    return r;
  });
}

test("the lower edge of a window is black, the upper white, the level mid-grey", () => {
  for (const window of OFFERED) {
    const [lower, upper, middle] = greys(window, window.level - window.width / 2, window.level + window.width / 2, window.level);
    equal([lower, upper], [0, 255]);
    close(middle, 127.5, 0.5);
  }
});

test("beyond the window all is black or white, to the ends of int16", () => {
  equal(greys(OFFERED[0], -32768, -1024, -161, 241, 3071, 32767), [0, 0, 0, 255, 255, 255]);
});

test("inside the window grey rises evenly, rounded to the nearest", () => {
  equal(greys({ width: 255, level: 127.5 }, 0, 1, 2, 100, 254, 255), [0, 1, 2, 100, 254, 255]);
  const ramp = greys(OFFERED[0], ...Array.from({ length: 401 }, (_, i) => i - 160));
  ok(ramp.every((grey, i) => i === 0 || grey >= ramp[i - 1]), "never falls");
  close(ramp, ramp.map((_, i) => (i * 255) / 400), 0.5 + 1e-6);
});

test("the narrowest window is a threshold", () => {
  equal(greys({ width: 1, level: 50 }, 49, 50, 51), [0, 128, 255]);
});

test("in a wide window every grey is the nearest to the exact one", () => {
  const hus = [-770, -769, -765, 0, 480, 481, 1729, 1730];
  const made = hus.map((hu) => Math.min(255, ((hu + 770) * 255) / 2500));
  close(greys({ width: 2500, level: 480 }, ...hus), made, 0.5 + 1e-6); // a half may fall either way
});

test("a series opens in its own window, else in the first that is offered", () => {
  equal(windowing.firstWindow({ window: { width: 350, level: 50 } }, OFFERED), { width: 350, level: 50 });
  equal(windowing.firstWindow({ window: null }, OFFERED), { width: 400, level: 40 });
});

test("presets end with the file's window, and a window is recognised to whole HU", () => {
  const presets = windowing.presetsOf({ window: { width: 350, level: 50 } }, OFFERED);
  equal(presets.map((preset) => preset.name), ["Soft tissue", "Lung", "From the file"]);
  equal(windowing.presetIndex(presets, { width: 1500.3, level: -600.4 }), 1);
  equal(windowing.presetIndex(presets, { width: 350, level: 50 }), 2);
  equal(windowing.presetIndex(presets, { width: 351, level: 50 }), 3); // custom
});

test("the first of equal presets is named", () => {
  equal(windowing.presetIndex(windowing.presetsOf({ window: null }, OFFERED), OFFERED[0]), 0);
});

test("dragging right widens, dragging down raises the level, and both end", () => {
  const dragged = windowing.draggedWindow(OFFERED[0], 25, 10);
  close(dragged.width, 400 * Math.exp(0.1));
  ok(dragged.level > 40, "raised");
  close(windowing.draggedWindow(dragged, -25, 0).width, 400, 1e-9);
  equal(windowing.draggedWindow(OFFERED[0], 1e5, 0).width, 8000);
  equal(windowing.draggedWindow(OFFERED[0], -1e5, 0).width, 1);
  equal(windowing.draggedWindow(OFFERED[0], 0, 1e5).level, 4000);
  equal(windowing.draggedWindow(OFFERED[0], 0, -1e5).level, -2000);
  close(windowing.draggedWindow({ width: 1, level: 0 }, 0, 35).level, 4); // a narrow window can still be moved
});

test("typed figures are kept within what can be shown, and no number changes nothing", () => {
  equal(windowing.typedWindow({ width: 350, level: 40 }), { width: 350, level: 40 });
  equal(windowing.typedWindow({ width: 0, level: 99999 }), { width: 1, level: 4000 });
  equal(windowing.typedWindow({ width: NaN, level: 40 }), null);
});

test("inverted, white is black", () => {
  const [plain, inverted] = [new Uint32Array(65536), new Uint32Array(65536)];
  windowing.fillTable(plain, { width: 400, level: 40 });
  windowing.fillTable(inverted, { width: 400, level: 40, inverted: true });
  for (const hu of [-1000, -100, 40, 150, 900]) equal((inverted[hu + 32768] & 255) + (plain[hu + 32768] & 255), 255);
});
