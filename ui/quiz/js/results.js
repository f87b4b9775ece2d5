// A played quiz in pictures: how sure the learner was against how often they were right, and what was taken for what.

import { make } from "../../browser/js/dom.js";

const SVG = "http://www.w3.org/2000/svg", WIDTH = 300, HEIGHT = 210, LEFT = 44, TOP = 10, PLOT_W = 240, PLOT_H = 160;

export function drawResults(score) {
  const share = score.answered ? `${Math.round((100 * score.right) / score.answered)}%` : "–";
  return [
    make("p", "total", make("b", "", `${score.right} of ${score.answered}`), ` right (${share}); longest streak ${score.best_streak}.`),
    make("div", "pictures",
      make("figure", "", calibration(score.calibration), make("figcaption", "", "Points on the line: as often right as you were sure. Bars are 95% intervals.", brier(score.brier))),
      make("figure", "", confusion(score), make("figcaption", "", "Rows: what it was. Columns: what you said."))),
  ];
}

function brier(value) {
  return value === null ? "" : ` Brier score ${value.toFixed(2)}: 0 is best, always saying 50% gives 0.25.`;
}

const x = (share) => LEFT + PLOT_W * share;
const y = (share) => TOP + PLOT_H * (1 - share);

function calibration(rows) {
  const answered = rows.filter((row) => row.answers);
  const words = answered.map((row) => `${row.words}: ${row.right} of ${row.answers} right`).join("; ");
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "calibration", role: "img", "aria-label": `How sure you were, and how often right: ${words || "no answers"}` });
  picture.append(draw("rect", { x: LEFT, y: TOP, width: PLOT_W, height: PLOT_H, class: "frame" }), draw("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "ideal" }));
  for (const share of [0, 0.5, 1]) {
    picture.append(text(LEFT - 5, y(share) + 4, `${100 * share}%`, "end"), text(x(share), TOP + PLOT_H + 15, `${100 * share}%`, "middle"));
  }
  picture.append(text(LEFT + PLOT_W / 2, HEIGHT - 6, "how sure you were", "middle"));
  const side = text(10, TOP + PLOT_H / 2, "right", "middle");
  side.setAttribute("transform", `rotate(-90 10 ${TOP + PLOT_H / 2})`);
  picture.append(side);
  for (const row of answered) {
    const share = row.right / row.answers, at = x(row.stated);
    picture.append(draw("line", { x1: at, y1: y(row.low), x2: at, y2: y(row.high), class: "interval" }),
      draw("circle", { cx: at, cy: y(share), r: 4 + Math.min(6, row.answers), class: "point" }),
      text(at - 13, y(share) + (share > 0.5 ? 16 : -8), `${row.right}/${row.answers}`, "end"));
  }
  return picture;
}

function confusion({ types, confusion: counts }) {
  const asked = types.map((_, row) => counts[row].some(Boolean)), columns = [...types.keys(), types.length].filter((column) => counts.some((row) => row[column]) || asked[column]);
  const name = (column) => types[column] ?? "gave up";
  const head = make("tr", "", make("th", ""), ...columns.map((column) => make("th", "", make("span", "", name(column)))));
  const rows = [...types.keys()].filter((row) => asked[row]).map((row) =>
    make("tr", "", heading(types[row]), ...columns.map((column) => make("td", !counts[row][column] ? "" : column === row ? "right" : "wrong", String(counts[row][column] || "")))));
  const table = make("table", "confusion", make("thead", "", head), make("tbody", "", ...rows));
  table.setAttribute("aria-label", "What was taken for what");
  return table;
}

function heading(words) {
  const cell = make("th", "", words);
  cell.scope = "row";
  return cell;
}

function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

function text(atX, atY, words, anchor) {
  const node = draw("text", { x: atX, y: atY, "text-anchor": anchor });
  node.textContent = words;
  return node;
}
