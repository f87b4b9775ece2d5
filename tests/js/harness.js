// What the tests of the page's modules are written with. pytest runs them in Chromium (tests/browser/test_modules.py);
// by hand: node --experimental-default-type=module --test tests/ui/*/js/*.test.js

const inNode = typeof process !== "undefined";
const registered = [];

export const test = inNode ? (await import("node:test")).test : (name, body) => registered.push({ name, body });

// Run what was registered: [{name, problem}], problem null where it passed.
export async function runRegistered() {
  const results = [];
  for (const { name, body } of registered.splice(0)) {
    let problem = null;
    try {
      await body();
    } catch (error) {
      problem = error.stack || String(error);
    }
    results.push({ name, problem });
  }
  return results;
}

export function equal(actual, expected) {
  const [said, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (said !== wanted || Object.is(actual, NaN)) throw new Error(`${said} instead of ${wanted}`);
}

// Numbers, or arrays or objects of numbers, equal to within `tolerance`.
export function close(actual, expected, tolerance = 1e-9) {
  if (typeof expected === "number") {
    if (!(Math.abs(actual - expected) <= tolerance)) throw new Error(`${actual} instead of ${expected}`);
    return;
  }
  equal(Object.keys(actual), Object.keys(expected));
  for (const key of Object.keys(expected)) close(actual[key], expected[key], tolerance);
}

export function ok(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}
