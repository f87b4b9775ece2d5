// The slices of one series: fetched as int16, the nearest to what is looked at first, and kept within a bound.

const FETCHES = 3, CACHE_BYTES = 400e6;
const NO_SERVER = "The server does not answer: check the connection, then reload the page.";
const NO_STUDY = "This study is no longer on the server: open it again.";

// How many slices are kept.
export const roomFor = (series) => Math.floor(CACHE_BYTES / (2 * series.rows * series.columns));

// Slices from `centre` outwards, the later one first, at most `reach` - 1 away.
export function* outwards(centre, count, reach) {
  for (let distance = 0; distance < reach; distance++)
    for (const slice of distance ? [centre + distance, centre - distance] : [centre]) if (slice >= 0 && slice < count) yield slice;
}

export const farthestFirst = (slices, centre) => [...slices].sort((a, b) => Math.abs(b - centre) - Math.abs(a - centre));

export class Slices {
  // `address` is that of slice 0 without its number; `reach` bounds how far around a slice others are fetched. `onArrival(slice)` after each reply, `onProblem(sentence)` where
  // one failed.
  constructor({ address, series, onArrival, onProblem, reach = Infinity, fetch = (...request) => globalThis.fetch(...request) }) {
    Object.assign(this, { address, series, onArrival, onProblem, fetch });
    this.values = new Map(); // slice -> Int16Array
    this.broken = new Map(); // slice -> why it cannot be shown
    this.fetching = new Map(); // slice -> AbortController
    this.centre = 0;
    this.closed = false;
    this.room = roomFor(series);
    this.reach = Math.min(series.slices, Math.floor(this.room / 2), reach);
  }

  settled(slice) {
    return this.values.has(slice) || this.broken.has(slice);
  }

  get loaded() {
    return this.values.size + this.broken.size;
  }

  // Everything that will be kept is there.
  get complete() {
    return this.loaded >= Math.min(this.series.slices, 2 * this.reach - 1);
  }

  // What is far from the eye gives way to the slice that is looked at.
  lookAt(slice) {
    this.centre = slice;
    const known = (each) => this.settled(each) || this.fetching.has(each);
    if (!known(slice) && this.fetching.size >= FETCHES) {
      const [far] = farthestFirst(this.fetching.keys(), slice);
      this.fetching.get(far).abort();
      this.fetching.delete(far);
    }
    for (const each of outwards(slice, this.series.slices, this.reach)) {
      if (this.fetching.size >= FETCHES) break;
      if (!known(each)) this.load(each);
    }
    const surplus = this.values.size - this.room;
    if (surplus > 0) for (const each of farthestFirst(this.values.keys(), slice).slice(0, surplus)) this.values.delete(each);
  }

  async load(slice) {
    const controller = new AbortController();
    this.fetching.set(slice, controller);
    let problem = null;
    try {
      await this.receive(slice, await this.fetch(`${this.address}${slice}`, { signal: controller.signal }));
    } catch (error) {
      if (error.name !== "AbortError") problem = error instanceof TypeError ? NO_SERVER : error.message;
    }
    if (this.fetching.get(slice) === controller) this.fetching.delete(slice);
    if (this.closed) return;
    if (problem) this.onProblem(problem);
    else this.onArrival(slice);
  }

  async receive(slice, reply) {
    if (!reply.ok) throw new Error(reply.status === 404 ? NO_STUDY : `Slice ${slice + 1} could not be loaded.`);
    if (reply.headers.get("content-type").startsWith("text/plain")) {
      this.broken.set(slice, await reply.text());
      return;
    }
    const values = new Int16Array(await reply.arrayBuffer());
    if (values.length !== this.series.rows * this.series.columns) throw new Error(`Slice ${slice + 1} arrived incomplete.`);
    this.values.set(slice, values);
  }

  close() {
    this.closed = true;
    for (const controller of this.fetching.values()) controller.abort();
  }
}
