// The signs of the map: one colour and shape for each lesion type.

// Okabe and Ito's colours for all kinds of colour vision; the shapes say the same
const TYPE_COLOURS = ["#e69f00", "#56b4e9", "#00b386", "#f0e442", "#5b8def", "#e8703a", "#d98cbc", "#c8c8c8"];
const UNTYPED_COLOUR = "#8a97a3", CHOSEN_COLOUR = "#4cc2ff", LEGEND_PX = 14;

const CROSS = [
  [-0.45, -1.2], [0.45, -1.2], [0.45, -0.45], [1.2, -0.45], [1.2, 0.45], [0.45, 0.45],
  [0.45, 1.2], [-0.45, 1.2], [-0.45, 0.45], [-1.2, 0.45], [-1.2, -0.45], [-0.45, -0.45],
];

// Each adds a closed figure of about radius r to the path.
const SHAPES = [
  (pen, x, y, r) => pen.arc(x, y, r, 0, 2 * Math.PI),
  (pen, x, y, r) => pen.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r),
  (pen, x, y, r) => polygon(pen, x, y, r, [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]]),
  (pen, x, y, r) => polygon(pen, x, y, r, [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]]),
  (pen, x, y, r) => polygon(pen, x, y, r, CROSS),
];

function polygon(pen, x, y, r, corners) {
  for (const [dx, dy] of corners) pen.lineTo(x + r * dx, y + r * dy);
}

// The sign of a type, -1 where none is recorded.
export function dot(pen, x, y, r, typeIndex) {
  pen.fillStyle = typeIndex < 0 ? UNTYPED_COLOUR : TYPE_COLOURS[typeIndex % TYPE_COLOURS.length];
  pen.beginPath();
  SHAPES[Math.max(typeIndex, 0) % SHAPES.length](pen, x, y, r);
  pen.closePath();
  pen.fill();
}

function ring(pen, [x, y], radius, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
}

export function legendSign(typeIndex) {
  const sign = document.createElement("canvas"), pen = sign.getContext("2d");
  sign.width = sign.height = 2 * LEGEND_PX;
  sign.setAttribute("aria-hidden", "true");
  pen.scale(2, 2);
  dot(pen, LEGEND_PX / 2, LEGEND_PX / 2, 4.5, typeIndex);
  return sign;
}

// `spots` {point, rank, at} in drawing order; `region` {id, at}; the lesion that is compared and the spot pointed at.
export function drawSpots(pen, { spots, region, chosen, pointed }) {
  for (const { point, rank, at } of spots) {
    pen.globalAlpha = rank ? 1 : 0.75;
    dot(pen, ...at, rank ? 5 : 3.2, point.type_index);
    if (!rank) continue;
    if (point.lesion_id === chosen) ring(pen, at, 8, CHOSEN_COLOUR, 3);
    else ring(pen, at, 8, "#fff", 1.5);
  }
  pen.globalAlpha = 1;
  drawRegion(pen, region);
  if (pointed) ring(pen, pointed.at, 11, CHOSEN_COLOUR, 2);
}

function drawRegion(pen, { id, at: [x, y] }) {
  for (const [colour, width] of [["#000", 6], ["#fff", 3]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x - 9, y);
    pen.lineTo(x + 9, y);
    pen.moveTo(x, y - 9);
    pen.lineTo(x, y + 9);
    pen.stroke();
  }
  pen.font = "600 13px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.strokeStyle = "#000";
  pen.lineWidth = 4;
  pen.strokeText(id, x + 13, y - 10);
  pen.fillStyle = "#fff";
  pen.fillText(id, x + 13, y - 10);
}
