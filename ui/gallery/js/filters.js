// The filter controls: they show the filters of the search on the screen, however it was asked for.

import { make } from "../../browser/js/dom.js";

const NUMBERS = ["min_age", "max_age", "min_size_mm", "max_size_mm"], DEFAULT_SCOPE = "cross-patient";

export function typesText(types) {
  if (types.length > 1) return `${types.length} types`;
  return types.length ? types[0] : "All types";
}

export class Filters {
  // `onSearch(controls)` when the user wants another search; {} clears all filters.
  constructor(form, onSearch) {
    this.form = form;
    this.fields = form.elements;
    this.typesBox = form.querySelector(".types");
    this.choices = form.querySelector(".choices");
    form.addEventListener("change", () => {
      const controls = this.read();
      this.sayTypes(controls.lesion_types);
      onSearch(controls);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.querySelector(".clear").addEventListener("click", () => onSearch({}));
    document.addEventListener("pointerdown", (event) => { if (!event.composedPath().includes(this.typesBox)) this.typesBox.open = false; });
    this.typesBox.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.typesBox.open = false;
      this.typesBox.querySelector("summary").focus();
    });
  }

  show({ controls, types, problem, default_hits: defaultHits, max_hits: maxHits }) {
    const { fields } = this;
    this.defaultHits = defaultHits;
    fields.k.max = maxHits;
    this.offer(types);
    for (const box of this.choices.querySelectorAll("input")) box.checked = controls.lesion_types.includes(box.value);
    this.sayTypes(controls.lesion_types);
    fields.sex.value = controls.sex || "";
    fields.scope.value = controls.scope;
    for (const name of [...NUMBERS, "k"]) {
      const input = fields[name];
      // what cannot be followed stays as it was typed
      if (input !== document.activeElement || !problem) input.value = controls[name] == null ? "" : controls[name];
      input.classList.toggle("set", input.value !== "" && !(name === "k" && controls.k === defaultHits));
    }
    fields.sex.classList.toggle("set", Boolean(controls.sex));
    fields.scope.classList.toggle("set", controls.scope !== DEFAULT_SCOPE);
    this.typesBox.classList.toggle("set", controls.lesion_types.length > 0);
    this.form.querySelector(".clear").hidden = !this.form.querySelector(".set");
  }

  // One box a type; untouched where they are the same, so that the focus stays.
  offer(types) {
    const offered = [...this.choices.querySelectorAll("input")].map((box) => box.value);
    if (offered.length === types.length && offered.every((type, i) => type === types[i])) return;
    this.choices.replaceChildren(...types.map((type) => {
      const box = make("input");
      box.type = "checkbox";
      box.value = type;
      return make("label", "", box, type);
    }));
  }

  sayTypes(types) {
    this.typesBox.querySelector("summary").textContent = typesText(types);
  }

  // What the controls say now.
  read() {
    const { fields } = this, number = (name) => (fields[name].value === "" ? null : Number(fields[name].value));
    return {
      lesion_types: [...this.choices.querySelectorAll("input:checked")].map((box) => box.value),
      sex: fields.sex.value || null,
      scope: fields.scope.value,
      ...Object.fromEntries(NUMBERS.map((name) => [name, number(name)])),
      k: number("k") ?? this.defaultHits,
    };
  }
}
