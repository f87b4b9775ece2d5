// Buttons, lists and the slider around the picture.

import { chooseFiles } from "./opening.js";
import { typedWindow } from "./windowing.js";

const ZOOM_STEP = 1.25;

export function listenToToolbar(viewer) {
  const actions = {
    cine: () => viewer.cine.toggle(),
    fit: () => viewer.fit(),
    in: () => viewer.zoomAt(ZOOM_STEP),
    out: () => viewer.zoomAt(1 / ZOOM_STEP),
    help: () => viewer.toggleHelp(),
    invert: () => viewer.invert(),
    mirror: () => viewer.mirror(0),
    turn: () => viewer.mirror(1),
    enlarge: () => viewer.enlarge(),
    copy: () => viewer.copyList(),
    picture: () => viewer.savePicture(),
    cases: () => viewer.showWelcome(viewer.welcome.hidden),
    back: () => viewer.showWelcome(false),
    upload: () => chooseFiles(viewer, false),
    folder: () => chooseFiles(viewer, true),
    undo: () => viewer.trigger("undo"),
  };
  viewer.root.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    if (pressed.dataset.tool) viewer.setTool(pressed.dataset.tool);
    else if (pressed.dataset.do) actions[pressed.dataset.do]();
  });
  viewer.slider.addEventListener("input", () => {
    viewer.cine.stop();
    viewer.goTo(Number(viewer.slider.value));
  });
  viewer.presetSelect.addEventListener("change", () => viewer.setPreset(Number(viewer.presetSelect.value)));
  for (const name of ["width", "level"]) {
    const input = viewer.find(`.typed .${name}`);
    input.addEventListener("change", () => {
      viewer.look(typedWindow({ ...viewer.view, [name]: input.valueAsNumber }) || {});
      showWindow(viewer, true);
    });
  }
  viewer.seriesSelect.addEventListener("change", () => viewer.act("series", { index: Number(viewer.seriesSelect.value) }));
}

export function showTool({ root, stage, tool }) {
  stage.dataset.tool = tool;
  for (const each of root.querySelectorAll("button[data-tool]")) each.setAttribute("aria-checked", String(each.dataset.tool === tool));
}

// Which of the ways to look are in use.
export function showLooks({ find, root, view }) {
  const looks = { invert: view.inverted, mirror: view.mirror[0] < 0, turn: view.mirror[1] < 0, enlarge: root.classList.contains("enlarged") };
  for (const [name, on] of Object.entries(looks)) find(`[data-do="${name}"]`).setAttribute("aria-pressed", String(on));
}

// The window in figures; what is being typed stays as it is, unless it was taken (`all`).
export function showWindow({ find, view }, all = false) {
  for (const name of ["width", "level"]) {
    const input = find(`.typed .${name}`), text = String(Math.round(view[name]));
    if (input.value !== text && (all || !input.matches(":focus"))) input.value = text;
  }
}
