// What the server is told of the view: "here" in a question is the slice and the point that are looked at; where the
// screen shows less than was sent, it sends that again.

const REST_MS = 250;

export class Looking {
  constructor(viewer) {
    this.viewer = viewer;
    this.pointed = null; // {slice, spot}: what was pointed at last, by a click or the cross-hair
    this.gallery = 0; // the revision of the hits on the screen
    this.told = "";
    this.timer = 0;
    document.addEventListener("lesion-search:state", () => this.tell());
    document.addEventListener("lesion-search:hits", ({ detail }) => {
      this.gallery = detail.revision;
      this.tell();
    });
    addEventListener("online", () => this.tell());
  }

  // Tell, once the slices rest, which one is looked at, and the spot on it that was pointed at. Without a network it
  // waits: Gradio takes a message that is lost for a lost server, and loads the page anew, over what is done meanwhile.
  tell(spot = null) {
    if (spot) this.pointed = { slice: this.viewer.view.slice, spot };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { view, state } = this.viewer;
      if (!view || !navigator.onLine) return;
      const point = this.pointed && this.pointed.slice === view.slice ? this.pointed.spot : null;
      const shown = [state.revision, this.gallery];
      const look = JSON.stringify([state.study_key, state.series_index, view.slice, point, shown]);
      if (look !== this.told) this.viewer.act("look", { slice_index: view.slice, point, shown: Math.min(...shown) });
      this.told = look;
    }, REST_MS);
  }
}
