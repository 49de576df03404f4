// A number's characters: as boxes over the picture, and one by one with their confidence.

import { create } from "./elements.js";
import { DOUBTED, NO_DIGIT, percent } from "./words.js";

// The part of the square's side that a label above a box needs.
const LABEL = 0.07;

export class Boxes {
  #square;

  // `square` is an element over the sheet, as large as it.
  constructor(square) {
    this.#square = square;
  }

  // Draws the boxes of a picture of that size, which lies in the square's middle
  // and touches its sides; `framed` when it keeps off them by the picture's margin.
  show(characters, { width, height, framed }) {
    const side = Math.max(width, height);
    const [left, top] = [(side - width) / 2, (side - height) / 2];
    this.#square.toggleAttribute("data-framed", framed);
    this.#square.replaceChildren(
      ...characters.map((character) => {
        const [x, y, wide, tall] = character.box;
        const box = marked(create("div", "box"), character);
        const places = { x: left + x, y: top + y, wide, tall };
        for (const [name, value] of Object.entries(places)) box.style.setProperty(`--${name}`, value / side);
        box.dataset.label = side * LABEL < places.y ? "above" : places.y + tall < side * (1 - LABEL) ? "below" : "inside";
        box.append(create("span", "", sign(character)));
        return box;
      }),
    );
  }

  clear() {
    this.#square.replaceChildren();
  }
}

// Whether a number that nobody has announced may be trusted to be one.
export function isNumber({ reason, digits }) {
  return reason === null && digits.filter(({ digit }) => digit !== null).length > 1;
}

// Lists the characters; an empty list hides it.
export function list(element, characters) {
  element.hidden = characters.length === 0;
  element.replaceChildren(
    ...characters.map((character) => {
      const item = marked(create("li"), character);
      const shown = create("b", "", sign(character));
      shown.setAttribute("aria-hidden", "true");
      item.append(shown, create("span", "visually-hidden", `${name(character)}, `), percent(character.confidence));
      return item;
    }),
  );
  element.tabIndex = element.scrollHeight > element.clientHeight ? 0 : -1; // what scrolls wants the keys
}

function marked(element, { digit, accepted }) {
  element.dataset.kind = digit === null ? "none" : accepted ? "sure" : "doubted";
  return element;
}

function sign({ digit, accepted }) {
  return digit === null ? NO_DIGIT : accepted ? `${digit}` : `${digit}${DOUBTED}`;
}

function name({ digit, accepted }) {
  return digit === null ? "no digit" : accepted ? `${digit}` : `${digit}, doubtful`;
}
