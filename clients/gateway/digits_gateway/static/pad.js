// The sheet: strokes by mouse, pen or finger, kept as curves so that they are
// sharp on every screen and look the same to the models whatever the theme.

export const SNAPSHOT = 280; // pixels a side: ten times what a model sees
const CLOSEST = 0.0015; // of the side: nearer points add nothing to a curve

export class Pad {
  #canvas;
  #changed;
  #strokes = [];
  #past = [];
  #stroke = null;
  #pointer = null;
  #frame = 0;

  // brush() is the stroke's width as a part of the side; changed(finished) is
  // called after every change, with whether a stroke has ended.
  constructor(canvas, { brush, changed }) {
    this.#canvas = canvas;
    this.brush = brush;
    this.#changed = changed;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#end(event));
    }
    // Older iOS scrolls and magnifies in spite of touch-action.
    canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    new ResizeObserver(() => this.#fit()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
  }

  get empty() {
    return this.#strokes.length === 0;
  }

  get undoable() {
    return this.#past.length > 0;
  }

  clear() {
    this.#stroke = null;
    if (!this.empty) this.#replace([]);
  }

  undo() {
    if (!this.undoable || this.#stroke) return;
    this.#strokes = this.#past.pop();
    this.#paint();
    this.#changed(true);
  }

  // A PNG with black ink on white paper.
  snapshot() {
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = SNAPSHOT;
    const context = sheet.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, SNAPSHOT, SNAPSHOT);
    draw(context, this.#strokes, SNAPSHOT, "black");
    return new Promise((done) => sheet.toBlob(done, "image/png"));
  }

  #replace(strokes) {
    this.#past.push(this.#strokes);
    this.#strokes = strokes;
    this.#paint();
    this.#changed(true);
  }

  #begin(event) {
    if (this.#pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#stroke = { width: this.brush(), points: [this.#place(event)] };
    this.#past.push(this.#strokes);
    this.#strokes = [...this.#strokes, this.#stroke];
    this.#paint();
    this.#changed(false);
  }

  #move(event) {
    if (event.pointerId !== this.#pointer || !this.#stroke) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    const { points } = this.#stroke;
    for (const each of coalesced.length ? coalesced : [event]) {
      const point = this.#place(each);
      const [x, y] = points.at(-1);
      if (Math.hypot(point[0] - x, point[1] - y) >= CLOSEST) points.push(point);
    }
    this.#paint();
    this.#changed(false);
  }

  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    if (!this.#stroke) return;
    this.#stroke = null;
    this.#changed(true);
  }

  #place(event) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  #fit() {
    const side = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    if (side === 0 || side === this.#canvas.width) return;
    this.#canvas.width = this.#canvas.height = side;
    this.#paint();
  }

  #paint() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const { width, height } = this.#canvas;
      const context = this.#canvas.getContext("2d");
      context.clearRect(0, 0, width, height);
      draw(context, this.#strokes, width, getComputedStyle(this.#canvas).color);
    });
  }
}

// Each curve runs through the middles between its points, which smooths a
// shaking hand without moving the line.
function draw(context, strokes, side, ink) {
  context.strokeStyle = ink;
  context.lineCap = context.lineJoin = "round";
  for (const { width, points } of strokes) {
    const scaled = points.map(([x, y]) => [x * side, y * side]);
    context.lineWidth = width * side;
    context.beginPath();
    context.moveTo(...scaled[0]);
    for (let i = 1; i < scaled.length - 1; i++) {
      const [x, y] = scaled[i];
      const [nextX, nextY] = scaled[i + 1];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    context.lineTo(...scaled.at(-1));
    context.stroke();
  }
}
