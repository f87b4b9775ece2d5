// What the server is told of the view: "here" in a question is the slice and the point that are looked at.

const REST_MS = 250;

export class Looking {
  constructor(viewer) {
    this.viewer = viewer;
    this.pointed = null; // {slice, spot}: what was pointed at last, by a click or the cross-hair
    this.told = "";
    this.timer = 0;
  }

  // Tell, once the slices rest, which one is looked at, and the spot on it that was pointed at.
  tell(spot = null) {
    if (spot) this.pointed = { slice: this.viewer.view.slice, spot };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { view, state } = this.viewer;
      if (!view) return;
      const point = this.pointed && this.pointed.slice === view.slice ? this.pointed.spot : null;
      const look = JSON.stringify([state.study_key, state.series_index, view.slice, point]);
      if (look !== this.told) this.viewer.act("look", { slice_index: view.slice, point });
      this.told = look;
    }, REST_MS);
  }
}
