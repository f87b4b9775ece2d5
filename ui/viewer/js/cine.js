// Playing the slices of a series, one after the other.

const STEP_MS = 90;

export class Cine {
  constructor(viewer) {
    this.viewer = viewer;
    this.timer = null;
  }

  toggle() {
    if (this.timer !== null) this.stop();
    else this.start();
  }

  start() {
    this.timer = setInterval(() => {
      const { slices, view, series } = this.viewer;
      if (slices.settled(view.slice)) this.viewer.goTo((view.slice + 1) % series.slices);
    }, STEP_MS);
    this.show("❚❚");
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.show("▶");
  }

  show(sign) {
    const control = this.viewer.find('[data-do="cine"]');
    control.textContent = sign;
    control.setAttribute("aria-pressed", String(this.timer !== null));
  }
}
