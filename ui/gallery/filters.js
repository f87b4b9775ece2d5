// The filter controls: they show the filters of the search on the screen, however it was asked for.

const form = part("filters"), typesBox = form.querySelector(".types"), choices = form.querySelector(".choices");
const NUMBERS = ["min_age", "max_age", "min_size_mm", "max_size_mm", "k"];

function fillFilters() {
  const now = state.controls;
  if (choices.childElementCount !== state.types.length || [...choices.querySelectorAll("input")].some((each, i) => each.value !== state.types[i]))
    choices.replaceChildren(...state.types.map(typeChoice));
  for (const each of choices.querySelectorAll("input")) each.checked = now.lesion_types.includes(each.value);
  sayTypes(now.lesion_types);
  form.elements.k.max = state.max_hits;
  form.elements.sex.value = now.sex || "";
  form.elements.scope.value = now.scope;
  for (const name of NUMBERS) {
    const input = form.elements[name];
    if (input !== document.activeElement || !state.problem) input.value = now[name] == null ? "" : now[name];
    input.classList.toggle("set", input.value !== "" && !(name === "k" && now.k === state.default_hits));
  }
  form.elements.sex.classList.toggle("set", Boolean(now.sex));
  form.elements.scope.classList.toggle("set", now.scope !== "cross-patient");
  typesBox.classList.toggle("set", now.lesion_types.length > 0);
  form.querySelector(".clear").hidden = !form.querySelector(".set");
}

function typeChoice(type) {
  const box = make("input");
  box.type = "checkbox"; box.value = type;
  return make("label", "", box, type);
}
function sayTypes(types) {
  typesBox.querySelector("summary").textContent = types.length === 0 ? "All types" : types.length === 1 ? types[0] : `${types.length} types`;
}

function wanted() {
  const number = (name) => (form.elements[name].value === "" ? null : Number(form.elements[name].value));
  return {
    lesion_types: [...choices.querySelectorAll("input:checked")].map((each) => each.value),
    sex: form.elements.sex.value || null, scope: form.elements.scope.value,
    min_age: number("min_age"), max_age: number("max_age"), min_size_mm: number("min_size_mm"), max_size_mm: number("max_size_mm"),
    k: number("k") ?? state.default_hits,
  };
}
function searchWith(controls) {
  part("found").setAttribute("aria-busy", "true");
  trigger("search", { study: state.study_key, region_id: state.region_id, controls });
}

form.addEventListener("change", () => { sayTypes(wanted().lesion_types); searchWith(wanted()); });
form.addEventListener("submit", (event) => event.preventDefault());
form.querySelector(".clear").addEventListener("click", () => searchWith({}));
document.addEventListener("pointerdown", (event) => { if (!event.composedPath().includes(typesBox)) typesBox.open = false; });
typesBox.addEventListener("keydown", (event) => { if (event.key === "Escape") { typesBox.open = false; typesBox.querySelector("summary").focus(); } });
