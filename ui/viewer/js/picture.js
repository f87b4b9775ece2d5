// One slice as a canvas in image pixels, through the display window.

import { applyTable, fillTable } from "./windowing.js";

export class Picture {
  constructor({ columns, rows }) {
    this.canvas = document.createElement("canvas");
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.context = this.canvas.getContext("2d");
    this.image = this.context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.table = new Uint32Array(65536);
    this.window = null; // that of the table
    this.shown = -1; // the slice that is painted: its pixels have arrived
  }

  // Paint `values` of `slice`, if it is not what is painted already.
  paint(slice, values, { width, level, inverted }) {
    const same = this.window && this.window.width === width && this.window.level === level && this.window.inverted === inverted;
    if (same && this.shown === slice) return;
    if (!same) {
      this.window = { width, level, inverted };
      fillTable(this.table, this.window);
    }
    applyTable(this.table, values, this.pixels);
    this.context.putImageData(this.image, 0, 0);
    this.shown = slice;
  }
}
