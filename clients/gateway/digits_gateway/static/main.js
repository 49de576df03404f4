// Puts the page together: sheet or picture -> reader -> answer.

import { AnswerView } from "./answer.js";
import { Pad } from "./pad.js";
import { receivePictures } from "./pictures.js";
import { Reader, models } from "./reader.js";

const INTERVAL = 90; // milliseconds between questions while a stroke grows

const element = (id) => document.getElementById(id);
const [pad, sheet, picture, unshown, undo, clear, brush] =
  ["pad", "sheet", "picture", "unshown", "undo", "clear", "brush"].map(element);

const view = new AnswerView({
  answer: element("answer"),
  digit: element("digit"),
  headline: element("headline"),
  detail: element("detail"),
  bars: element("bars"),
  seen: element("seen"),
  tiles: element("tiles"),
  agreement: element("agreement"),
  latency: element("latency"),
  announcement: element("announcement"),
});

const reader = new Reader({
  answered(comparison, milliseconds) {
    introduce();
    view.show(comparison, milliseconds);
  },
  troubled: (problem, retrying) => view.trouble(problem, retrying),
  waiting: (waits) => view.wait(waits),
});

const drawing = new Pad(sheet, { brush: () => brush.value / 100, changed });
let asking = 0;
let introduced = null;

receivePictures(
  { file: element("file"), upload: element("upload"), photo: element("photo"), camera: element("camera"), pad },
  (blob) => {
    drawing.clear();
    forget();
    show(blob);
    reader.ask(Promise.resolve(blob));
  },
);

undo.addEventListener("click", () => drawing.undo());
clear.addEventListener("click", wipe);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") wipe();
  if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
    event.preventDefault();
    drawing.undo();
  }
});
introduce();

function changed(finished) {
  if (!drawing.empty) show(null);
  refresh();
  if (drawing.empty) return forget();
  if (finished) return ask();
  asking ||= setTimeout(ask, INTERVAL);
}

function ask() {
  clearTimeout(asking);
  asking = 0;
  reader.ask(drawing.snapshot());
}

function forget() {
  clearTimeout(asking);
  asking = 0;
  reader.forget();
  view.idle();
}

function wipe() {
  show(null);
  drawing.clear();
  refresh();
  forget();
}

// Shows a picture instead of the drawing; null shows the drawing.
function show(blob) {
  if (picture.src) URL.revokeObjectURL(picture.src);
  picture.removeAttribute("src");
  picture.hidden = !blob;
  unshown.hidden = true;
  if (blob) picture.src = URL.createObjectURL(blob);
  refresh();
}

picture.addEventListener("error", () => {
  if (!picture.getAttribute("src")) return;
  picture.hidden = true;
  unshown.hidden = false;
});

function refresh() {
  const uploaded = picture.hasAttribute("src");
  const filled = uploaded || !drawing.empty;
  pad.toggleAttribute("data-filled", filled);
  sheet.setAttribute("aria-label", `Drawing area, ${drawing.empty ? "empty" : "with your drawing"}`);
  undo.disabled = !drawing.undoable;
  clear.disabled = !filled;
}

// The models' figures; asked for again with the first answer when the server was not there yet.
function introduce() {
  introduced ??= models().then((published) => view.introduce(published)).catch(() => (introduced = null));
}
