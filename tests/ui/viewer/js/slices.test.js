import { equal, ok, test } from "../../../js/harness.js";
import { farthestFirst, outwards, roomFor, Slices } from "../../../../ui/viewer/js/slices.js";

const small = { slices: 9, rows: 2, columns: 3 };
const rested = () => new Promise((resolve) => { setTimeout(resolve); });

// A server whose replies are given one by one.
function opened(series = small, reach = undefined) {
  const asked = new Map(), arrivals = [], problems = [];
  const fetch = (address, { signal }) => new Promise((resolve, reject) => {
    asked.set(Number(address.split("/").pop()), { resolve, reject, signal });
    signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
  });
  const slices = new Slices({ address: "slices/", series, reach, fetch, onArrival: (slice) => arrivals.push(slice), onProblem: (text) => problems.push(text) });
  const answer = async (slice, given) => {
    asked.get(slice).resolve(given);
    await rested();
  };
  return { slices, asked, arrivals, problems, answer };
}

// Replies whose body is there at once; that of a browser's Response takes its time.
const reply = (status, type, body) => ({
  ok: status === 200, status, headers: new Headers({ "content-type": type }), text: async () => body, arrayBuffer: async () => body,
});
const pixels = (count, value = 40) => reply(200, "application/octet-stream", new Int16Array(count).fill(value).buffer);
const sentence = (text) => reply(200, "text/plain; charset=utf-8", text);

test("slices are wanted outwards, the later first, within the series", () => {
  equal([...outwards(3, 9, 3)], [3, 4, 2, 5, 1]);
  equal([...outwards(0, 3, 9)], [0, 1, 2]);
  equal([...outwards(2, 3, 9)], [2, 1, 0]);
  equal([...outwards(0, 1, 1)], [0]);
});

test("the farthest give way first", () => {
  equal(farthestFirst([2, 4, 9, 5], 5), [9, 2, 4, 5]);
});

test("the bound is in bytes of int16", () => {
  equal(roomFor({ rows: 512, columns: 512 }), 762);
});

test("three are asked for at a time, the next when one has arrived", async () => {
  const { slices, asked, arrivals, answer } = opened();
  slices.lookAt(4);
  equal([...asked.keys()], [4, 5, 3]);
  await answer(4, pixels(6));
  equal(arrivals, [4]);
  equal([...slices.values.get(4)], [40, 40, 40, 40, 40, 40]);
  slices.lookAt(4);
  equal([...asked.keys()], [4, 5, 3, 6]);
});

test("no further around than was said", () => {
  const { slices, asked } = opened(small, 1);
  slices.lookAt(4);
  equal([...asked.keys()], [4]);
});

test("what is looked at does not wait for what is far", async () => {
  const { slices, asked, problems } = opened();
  slices.lookAt(0);
  slices.lookAt(8);
  ok(asked.get(0).signal.aborted, "the farthest was called off");
  equal([...slices.fetching.keys()], [1, 2, 8]);
  await rested();
  equal(problems, []); // calling off is no problem
});

test("a slice that cannot be read says why, and is settled", async () => {
  const { slices, arrivals, answer } = opened();
  slices.lookAt(4);
  await answer(4, sentence("Slice 5 cannot be shown."));
  equal(slices.broken.get(4), "Slice 5 cannot be shown.");
  ok(slices.settled(4) && !slices.settled(5), "only that one");
  equal(arrivals, [4]);
});

test("a short, a refused and a lost slice are told as problems", async () => {
  const { slices, asked, problems, arrivals, answer } = opened();
  slices.lookAt(4);
  await answer(4, pixels(5));
  await answer(5, reply(404, "application/json", "{}"));
  asked.get(3).reject(new TypeError("network"));
  await rested();
  equal(problems, [
    "Slice 5 arrived incomplete.",
    "This study is no longer on the server: open it again.",
    "The server does not answer: check the connection, then reload the page.",
  ]);
  equal(arrivals, []);
  equal(slices.loaded, 0);
});

test("a closed series tells nothing more", async () => {
  const { slices, asked, arrivals, problems } = opened();
  slices.lookAt(4);
  slices.close();
  ok([...asked.values()].every(({ signal }) => signal.aborted), "all called off");
  await rested();
  equal([arrivals, problems], [[], []]);
});

test("what is far is forgotten when the room is full", async () => {
  const { slices, answer } = opened({ slices: 9, rows: 1, columns: 1 });
  slices.room = 3;
  slices.reach = 2;
  for (const slice of [0, 4, 8]) {
    slices.lookAt(slice);
    for (const each of [...slices.fetching.keys()]) await answer(each, pixels(1));
  }
  slices.lookAt(8);
  equal([...slices.values.keys()].sort(), [5, 7, 8]);
});

test("a series is complete when all that is kept is there", async () => {
  const { slices, answer } = opened({ slices: 2, rows: 1, columns: 1 });
  slices.lookAt(0);
  await answer(0, pixels(1));
  ok(!slices.complete, "one of two");
  await answer(1, sentence("broken"));
  ok(slices.complete, "a broken slice counts");
});
