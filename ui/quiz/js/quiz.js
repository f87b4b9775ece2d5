// The quiz panel: what the server says of the quiz, drawn; what the learner does, sent. It comes with the viewer's
// state, so that question and picture are always of one case.

import { copyText, make, makeButton } from "../../browser/js/dom.js";
import { drawResults } from "./results.js";
import { linkOf, planOfAddress, setUp } from "./setup.js";

const COPIED_MS = 2000;

// Bring a gr.HTML component to life.
export function mount({ element, trigger }) {
  const panel = new Panel(element.querySelector(".quiz"), trigger);
  document.addEventListener("lesion-search:state", ({ detail }) => panel.apply(detail));
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("#quiz-button")) panel.setUp();
  });
}

class Panel {
  constructor(root, trigger) {
    Object.assign(this, { root, trigger, state: null, level: null, shown: "", linked: planOfAddress(location.search) });
    this.choice = { study: "", type: null, sureness: null };
    this.ready = new Promise((resolve) => { this.becomeReady = resolve; }); // the server knows this page
  }

  // A plan of the address, or one that was asked for in words, is begun once.
  apply(state) {
    this.state = state;
    this.becomeReady();
    const plan = this.linked || state.ordered_quiz;
    this.linked = null;
    if (plan) return this.begin(plan);
    const shown = JSON.stringify([state.study_key, state.quiz]);
    if (shown === this.shown) return;
    this.shown = shown;
    if (state.quiz || !this.root.querySelector("form")) this.draw();
  }

  begin(plan) {
    this.root.hidden = false;
    this.root.replaceChildren(make("p", "", "Choosing the cases…"));
    this.shown = "";
    this.trigger("begin", plan);
  }

  act(what, fields) {
    for (const button of this.root.querySelectorAll("button")) button.disabled = true;
    this.trigger("act", { do: what, study: this.state.study_key, ...fields });
    this.shown = ""; // whatever comes back is drawn, so that the buttons work again
  }

  async setUp() {
    await this.ready;
    this.root.hidden = false;
    await setUp(this.root, (plan) => this.begin(plan), () => this.draw());
    showPicture();
    const first = this.root.querySelector("select");
    if (first) first.focus(); // on a phone it is below the picture
  }

  draw() {
    const { quiz } = this.state || {};
    this.root.hidden = !quiz;
    if (!quiz) return this.root.replaceChildren();
    if (this.choice.study !== this.state.study_key) this.choice = { study: this.state.study_key, type: null, sureness: null };
    this.level ||= quiz.level;
    const parts = quiz.phase === "over" ? this.over(quiz) : quiz.phase === "truth" ? this.told(quiz) : this.asked(quiz);
    this.root.dataset.phase = quiz.phase;
    this.root.replaceChildren(this.head(quiz), ...parts);
    this.root.scrollTop = 0;
  }

  head(quiz) {
    const { right, answered, streak } = quiz.score;
    const score = quiz.presentation === "unknown" && answered ? `${right} of ${answered} right` : "";
    return make("div", "quiz-head",
      make("b", "", quiz.phase === "over" ? "Quiz: results" : `Case ${quiz.number} of ${quiz.count}`),
      quiz.difficulty && make("span", `tag ${quiz.difficulty}`, quiz.difficulty),
      score && make("span", "score", score),
      streak > 1 ? make("span", "streak", `${streak} in a row`) : "",
      make("span", "space"),
      quiz.phase === "over" ? "" : this.copyLink(quiz, "Copy link"),
      makeButton("×", "close", () => this.act("leave"), "End the quiz"));
  }

  copyLink(quiz, words) {
    const button = makeButton(words, "copy", async () => {
      await copyText(linkOf(quiz.query));
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = words; }, COPIED_MS);
    });
    button.title = "The link that gives everybody the same cases in the same order";
    return button;
  }

  asked(quiz) {
    const hints = quiz.hints.length ? make("ul", "hints", ...quiz.hints.map((hint) => make("li", "", hint))) : "";
    if (quiz.presentation === "presenter") {
      const next = quiz.hints_left ? "Next: a hint" : quiz.phase === "asked" ? "Next: hits and votes" : "Next: the type";
      return [make("p", "question", "What type is the marked lesion?"), make("p", "types", quiz.options.join(" · ")), hints,
        make("div", "row", makeButton(next, "primary", () => this.act("step")), makeButton("Tell the type", "", () => this.act("reveal")))];
    }
    const send = makeButton("Answer", "primary", () => this.act("answer", { chosen: this.choice.type, sureness: this.choice.sureness }));
    const ready = () => { send.disabled = !(this.choice.type && this.choice.sureness); };
    ready();
    return [
      this.choices("What type is the marked lesion?", "type", quiz.options.map((name) => [name, name]), ready),
      this.choices("How sure are you?", "sureness", quiz.sureness.map(([words, stated]) => [words, `${words}, ${Math.round(100 * stated)}%`]), ready),
      hints,
      make("div", "row", send,
        quiz.hints_left ? makeButton(`Hint (${quiz.hints_left} left)`, "", () => this.act("hint")) : "",
        makeButton("Give up", "", () => this.act("reveal"))),
    ];
  }

  choices(question, name, options, changed) {
    const group = make("fieldset", `choices ${name}`, make("legend", "", question));
    for (const [value, words] of options) {
      const input = make("input", "");
      Object.assign(input, { type: "radio", name: `quiz-${name}`, value, checked: this.choice[name] === value });
      input.addEventListener("change", () => { this.choice[name] = value; changed(); });
      group.append(make("label", "", input, make("span", "", words)));
    }
    return group;
  }

  told(quiz) {
    const { told } = quiz;
    const verdict = told.right === null ? `It is ${told.lesion_type}.`
      : told.right ? `Right: ${told.lesion_type}.`
      : told.chosen ? `No: it is ${told.lesion_type}, not ${told.chosen}.` : `It is ${told.lesion_type}.`;
    const list = (title, good) => {
      const some = told.reasons.filter((reason) => reason.speaks_for === good);
      return make("div", good ? "for" : "against", make("h4", "", title),
        make("ul", "", ...(some.length ? some : [{ text: "Nothing of what was compared." }]).map(({ text }) => make("li", "", text))));
    };
    const last = quiz.number === quiz.count;
    return [
      make("p", `verdict ${told.right === null ? "" : told.right ? "right" : "wrong"}`, verdict),
      make("div", "reasons", list("Spoke for it", true), list("Spoke against it", false)),
      make("p", "margin", `${quiz.difficulty[0].toUpperCase()}${quiz.difficulty.slice(1)} among these cases: the nearest lesion of its type is ${told.margin >= 0 ? "closer" : "farther"} by a cosine of ${Math.abs(told.margin).toFixed(2)} than the nearest of another type, ${told.lookalike}.`),
      told.lesson ? this.lesson(told.lesson) : "",
      make("div", "row", makeButton(last ? "Results" : "Next case", "primary", () => this.act("next"))),
    ].filter(Boolean);
  }

  lesson(lesson) {
    const text = make("p", "", lesson[this.level]);
    const levels = make("div", "levels");
    for (const level of ["student", "resident"]) {
      const button = makeButton(`For a ${level}`, "", () => {
        this.level = level;
        text.textContent = lesson[level];
        for (const each of levels.children) each.setAttribute("aria-pressed", String(each === button));
      });
      button.setAttribute("aria-pressed", String(level === this.level));
      levels.append(button);
    }
    const picture = make("img", "");
    Object.assign(picture, { src: lesson.picture, alt: `Phantom: ${lesson.name}`, loading: "lazy" });
    const sources = make("details", "", make("summary", "", "Sources"), make("ul", "", ...lesson.sources.map((source) => make("li", "", source))));
    return make("div", "lesson", make("h4", "", `Lesson: ${lesson.name}`), levels, picture, text, sources);
  }

  over(quiz) {
    const file = (kind) => {
      const link = make("a", "", kind.toUpperCase());
      Object.assign(link, { href: `studies/${this.state.study_key}/quiz.${kind}`, download: `quiz.${kind}` });
      return link;
    };
    return [
      ...(quiz.presentation === "unknown" ? drawResults(quiz.score) : [make("p", "", "All cases were shown.")]),
      quiz.presentation === "unknown" ? make("p", "export", "Save your results: ", file("csv"), " ", file("json"), ". They are forgotten when this visit ends.") : "",
      make("div", "row", makeButton("Another quiz", "primary", () => this.setUp()), this.copyLink(quiz, "Copy the link of this quiz")),
    ].filter(Boolean);
  }
}

// On a phone the panel stands below the picture.
function showPicture() {
  const tab = document.querySelector('#tabs [data-pane="picture"]');
  if (tab && tab.offsetParent) tab.click();
}
