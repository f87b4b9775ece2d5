// What a quiz is to be about: a form, and its plan as a link.

import { copyText, make, makeButton } from "../../browser/js/dom.js";

const COPIED_MS = 2000, COUNTS = [5, 10, 20], NUMBERS = ["n"];
const WORDS = {
  presentation: { unknown: "Learners answer", presenter: "I present it, step by step", known: "Types shown, to study" },
  difficulty: { "": "Any difficulty", easy: "Easy", medium: "Medium", hard: "Hard" },
  level: { resident: "Lessons for residents", student: "Lessons for students" },
};

export const linkOf = (query) => `${location.origin}${location.pathname}?${query}`;

// The plan that an address asks for; null where it asks for none.
export function planOfAddress(search) {
  const fields = new URLSearchParams(search);
  if (!fields.get("quiz")) return null;
  const plan = { types: fields.getAll("type") };
  for (const name of ["quiz", "n", "source", "difficulty", "presentation", "level"]) {
    if (fields.get(name)) plan[name] = NUMBERS.includes(name) ? Number(fields.get(name)) : fields.get(name);
  }
  return plan;
}

function queryOf({ types, ...plan }) {
  return new URLSearchParams([...Object.entries(plan).filter(([, value]) => value !== ""), ...types.map((type) => ["type", type])]).toString();
}

// Draw the form into `root`; `begin` takes the plan, `leave` closes it.
export async function setUp(root, begin, leave) {
  const reply = await fetch("quiz/options");
  if (!reply.ok) return root.replaceChildren(make("p", "", "Open a case first, or reload the page: then a quiz can be set up."));
  const offered = await reply.json();
  const form = make("form", "setup");
  const count = select("n", COUNTS.map((n) => [n, `${n} cases`]), 10);
  const selects = Object.entries(WORDS).map(([name, words]) => select(name, Object.entries(words), Object.keys(words)[0]));
  const source = offered.sources.length ? select("source", [["", "Cases of all atlases"], ...offered.sources.map((name) => [name, `Cases: ${name}`])], "") : "";
  const types = make("fieldset", "choices type", make("legend", "", "Types asked about (none chosen: all; one alone: it and its look-alikes)"));
  for (const name of offered.types) {
    const input = make("input", "");
    Object.assign(input, { type: "checkbox", name: "type", value: name });
    types.append(make("label", "", input, make("span", "", name)));
  }
  const plan = () => {
    const chosen = new FormData(form), fields = { quiz: offered.seed, n: Number(chosen.get("n")), types: chosen.getAll("type") };
    for (const name of ["source", ...Object.keys(WORDS)]) {
      const value = chosen.get(name);
      if (value && value !== "unknown" && !(name === "level" && value === "resident")) fields[name] = value;
    }
    return fields;
  };
  const start = make("button", "primary", "Start");
  const copy = makeButton("Copy class link", "copy", async () => {
    await copyText(linkOf(queryOf(plan())));
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy class link"; }, COPIED_MS);
  });
  copy.title = "Everybody who opens it gets the same cases in the same order";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(plan());
  });
  form.append(
    make("div", "quiz-head", make("b", "", "Quiz"), make("span", "space"), makeButton("×", "close", () => { form.remove(); leave(); }, "Close")),
    make("div", "row", count, ...selects, source), types, make("div", "row", start, copy));
  root.hidden = false;
  root.replaceChildren(form);
}

function select(name, options, chosen) {
  const box = make("select", "");
  box.name = name;
  box.setAttribute("aria-label", { n: "How many cases", source: "Where the cases come from", presentation: "How they are presented", difficulty: "Difficulty", level: "Level of the lessons" }[name]);
  for (const [value, words] of options) {
    const option = make("option", "", String(words));
    Object.assign(option, { value: String(value), selected: String(value) === String(chosen) });
    box.append(option);
  }
  return box;
}
