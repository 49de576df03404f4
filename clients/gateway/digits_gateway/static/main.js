// Puts the page together: sheet or picture -> reader -> answer, and of several digits the number.

import { AnswerView } from "./answer.js";
import { Boxes, isNumber } from "./number.js";
import { Pad, SNAPSHOT } from "./pad.js";
import { receivePictures } from "./pictures.js";
import { Reader, compare, models, read } from "./reader.js";

const INTERVAL = 90; // milliseconds between questions while a stroke grows
// Digits that touch are one thing to a model of single digits, and none that it knows.
const PERHAPS_SEVERAL = new Set(["SEVERAL_DIGITS", "NOT_A_DIGIT", "UNSURE"]);

const element = (id) => document.getElementById(id);
const [pad, sheet, picture, unshown, undo, clear, brush] =
  ["pad", "sheet", "picture", "unshown", "undo", "clear", "brush"].map(element);

const view = new AnswerView({
  answer: element("answer"),
  digit: element("digit"),
  headline: element("headline"),
  detail: element("detail"),
  bars: element("bars"),
  characters: element("characters"),
  seen: element("seen"),
  tiles: element("tiles"),
  agreement: element("agreement"),
  latency: element("latency"),
  announcement: element("announcement"),
});

const reader = new Reader(compare, {
  answered(comparison, milliseconds, asked) {
    introduce();
    const answer = view.show(comparison, milliseconds);
    if (!PERHAPS_SEVERAL.has(answer?.reason) || asked !== still) return;
    several = answer.reason === "SEVERAL_DIGITS";
    numbers.ask(asked);
  },
  troubled: (problem, retrying) => view.trouble(problem, retrying),
  waiting: (waits) => view.wait(waits),
});

const numbers = new Reader(read, {
  answered(number, _, asked) {
    if (!several && !isNumber(number)) return;
    view.number(number);
    mark(number.digits, asked);
  },
  troubled(problem, retrying) {
    if (several) view.numberless(problem, retrying);
  },
});

const boxes = new Boxes(element("boxes"));
const drawing = new Pad(sheet, { brush: () => brush.value / 100, changed });
let asking = 0;
let several = false; // whether the models are sure that there are several digits
let still = null; // the picture that was asked about last, unless a stroke has changed it since
let introduced = null;

receivePictures(
  { file: element("file"), upload: element("upload"), photo: element("photo"), camera: element("camera"), pad },
  (blob) => {
    drawing.clear();
    forget();
    show(blob);
    still = Promise.resolve(blob);
    reader.ask(still);
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
  unmark();
  if (!drawing.empty) show(null);
  refresh();
  if (drawing.empty) return forget();
  if (finished) return ask(true);
  asking ||= setTimeout(ask, INTERVAL);
}

// Numbers are read between the strokes: `finished`.
function ask(finished = false) {
  clearTimeout(asking);
  asking = 0;
  const snapshot = drawing.snapshot();
  if (finished) still = snapshot;
  reader.ask(snapshot);
}

function forget() {
  clearTimeout(asking);
  asking = 0;
  unmark();
  reader.forget();
  view.idle();
}

// Drops what is known, or asked, about a number.
function unmark() {
  still = null;
  numbers.forget();
  boxes.clear();
}

// Draws the boxes over the sheet or the picture that they were found in.
async function mark(characters, asked) {
  const uploaded = picture.hasAttribute("src");
  if (uploaded) await picture.decode().catch(() => {}); // its size is known then, if ever
  if (asked !== still) return;
  const { naturalWidth: width, naturalHeight: height } = picture;
  if (!uploaded) boxes.show(characters, { width: SNAPSHOT, height: SNAPSHOT, framed: false });
  else if (width) boxes.show(characters, { width, height, framed: true });
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
