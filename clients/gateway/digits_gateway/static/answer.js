// Shows what the models say, in figures, in words and to screen readers.

import { create, write } from "./elements.js";
import { list } from "./number.js";
import { digitless, percent, words, wordsOfFailure, wordsOfNumber } from "./words.js";

const NAMES = { cnn: "CNN", mlp: "MLP" };
const QUIET = 700; // milliseconds without a change before it is said aloud

export class AnswerView {
  #elements;
  #columns;
  #about = new Map();
  #order = ["cnn", "mlp"];
  #saying = 0;
  #numbered = false; // whether a number stands there

  constructor(elements) {
    this.#elements = elements;
    this.#columns = Array.from({ length: 10 }, (_, digit) => this.#column(digit));
    elements.bars.replaceChildren(...this.#columns);
    this.idle();
  }

  // The published models, the default first: it gives the answer.
  introduce({ models, default_model }) {
    for (const model of models) this.#about.set(model.name, about(model));
    this.#order = [...new Set([default_model, ...this.#order])];
    for (const tile of this.#elements.tiles.children) {
      tile.querySelector(".about").replaceChildren(...this.#figures(tile.dataset.model));
    }
  }

  idle() {
    this.#state("idle", "", "Your turn", "The answer appears here while you draw.");
    this.#chart([]);
    this.#tiles(this.#order.slice(0, 2).map((model) => ({ model })));
    this.#see(null);
    this.#notes("", null, "");
    this.#say("");
  }

  // Whether the newest picture has been waiting for its answer for a while.
  wait(waits) {
    this.#elements.answer.toggleAttribute("data-waiting", waits);
  }

  // Returns the answer that is shown: the first model's that has one.
  show({ predictions, agree }, milliseconds) {
    const rank = ({ model }) => (this.#order.indexOf(model) + 1 || Infinity);
    const sorted = [...predictions].sort((a, b) => rank(a) - rank(b));
    const answers = sorted.filter((each) => !each.error);
    if (!answers.length) {
      this.trouble(sorted[0]?.error ?? { detail: "No model answers." });
      return null;
    }
    const [answer] = answers;
    const [headline, detail] = words(answer);
    const state = answer.prediction === null ? "idle" : answer.accepted ? "sure" : "doubt";
    const digit = digitless(answer) ? "?" : (answer.prediction ?? "");
    if (this.#numbered && answer.reason === "SEVERAL_DIGITS") this.#again(headline, detail);
    else this.#state(state, digit, headline, detail);
    this.#chart(sorted);
    this.#tiles(sorted);
    this.#see(answer.normalized);
    const agreement = digitless(answer) || answers.length < 2 ? "" : agree ? "Both agree" : "They disagree";
    this.#notes(agreement, agree, `${Math.max(1, Math.round(milliseconds))} ms`);
    this.#say(`${answer.accepted ? `${answer.prediction}. ` : ""}${headline}. ${detail} ${agreement}`);
    return answer;
  }

  // The number of which show() said that it has several digits.
  number(number) {
    const [headline, detail] = wordsOfNumber(number);
    const { text, reason, digits } = number;
    if (!text) this.#state("doubt", "?", headline, detail);
    else this.#state(reason ? "doubt" : "sure", text, headline, detail, digits);
    this.#say(`${text && `Number ${text.replaceAll("\n", ", ")}. `}${headline}. ${detail}`);
  }

  // Why there is no number.
  numberless(problem, retrying) {
    const [headline, detail] = wordsOfFailure(problem, retrying);
    this.#state("doubt", "?", headline, detail);
    this.#say(`${headline}. ${detail}`);
  }

  trouble({ detail }, retrying = false) {
    const headline = retrying ? "No answer yet" : "It cannot be read";
    const [what] = detail.split(/[.:]/); // the rest says "try again", which happens by itself
    const text = retrying ? `${what}. Your picture is kept; trying again …` : detail;
    this.#state("trouble", "!", headline, text);
    this.#chart([]);
    this.#tiles(this.#order.slice(0, 2).map((model) => ({ model })));
    this.#see(null);
    this.#notes("", null, "");
    this.#say(`${headline}. ${text}`);
  }

  // `characters` are those of a number, which `digit` then is as a whole.
  #state(state, digit, headline, detail, characters = []) {
    const { answer, ...parts } = this.#elements;
    answer.dataset.state = state;
    this.#numbered = characters.length > 0;
    answer.toggleAttribute("data-number", this.#numbered);
    const longest = Math.max(...`${digit}`.split("\n").map((line) => line.length));
    parts.digit.style.setProperty("--length", Math.max(1, longest));
    list(parts.characters, characters);
    write(parts.digit, digit);
    write(parts.headline, headline);
    write(parts.detail, detail);
  }

  // The number that stands there stays until the one with the new ink is read.
  #again(headline, detail) {
    this.#elements.answer.dataset.state = "doubt";
    write(this.#elements.headline, headline);
    write(this.#elements.detail, detail);
  }

  #column(digit) {
    const column = create("span", "column");
    column.append(create("span", "bar"), create("span", "bar"));
    [...column.children].forEach((bar, place) => (bar.dataset.place = place));
    const values = create("span", "visually-hidden");
    const item = create("li");
    item.append(column, create("span", "", digit), values);
    return item;
  }

  // The share of a digit is the probability that the picture shows it: the ten
  // of a model sum to its digit_score, so that a scribble has low bars.
  #chart(predictions) {
    const answers = predictions.map((each) => (each.error ? null : each));
    const lead = answers.find((each) => each && each.prediction !== null);
    this.#columns.forEach((item, digit) => {
      item.toggleAttribute("data-top", lead?.prediction === digit);
      const said = [...item.querySelectorAll(".bar")].map((bar, place) => {
        const answer = answers[place];
        const inked = answer && answer.prediction !== null;
        const share = inked ? answer.probabilities[digit] * answer.digit_score : 0;
        bar.style.setProperty("--share", share.toFixed(4));
        return answer ? `, ${name(answer.model)} ${percent(share)}` : "";
      });
      write(item.lastElementChild, said.join(""));
    });
  }

  #tiles(predictions) {
    this.#elements.tiles.replaceChildren(
      ...predictions.map((each, place) => {
        const tile = create("li", "tile");
        Object.assign(tile.dataset, { model: each.model, place });
        const says = create("span", "says");
        if (each.error) {
          says.textContent = "no answer";
          says.dataset.error = "";
        } else if (each.probabilities) {
          says.append(...inShort(each));
        }
        const about = create("span", "about");
        about.toggleAttribute("data-error", Boolean(each.error));
        about.append(...(each.error ? [each.error.detail] : this.#figures(each.model)));
        tile.append(create("span", "name", name(each.model)), says, about);
        return tile;
      }),
    );
  }

  #figures(model) {
    return (this.#about.get(model) ?? []).map((text) => create("span", "", text));
  }

  #see(normalized) {
    const context = this.#elements.seen.getContext("2d");
    context.clearRect(0, 0, 28, 28);
    if (!normalized) return;
    const pixels = context.createImageData(28, 28);
    [...atob(normalized)].forEach((char, place) => {
      const grey = char.charCodeAt(0);
      pixels.data.set([grey, grey, grey, 255], 4 * place);
    });
    context.putImageData(pixels, 0, 0);
  }

  #notes(agreement, agree, latency) {
    write(this.#elements.agreement, agreement);
    this.#elements.agreement.dataset.agree = agree;
    write(this.#elements.latency, latency);
  }

  #say(text) {
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => write(this.#elements.announcement, text), QUIET);
  }
}

function about({ parameters, metrics }) {
  const size = parameters >= 1e6 ? `${(parameters / 1e6).toFixed(1)} M` : `${Math.round(parameters / 1e3)} k`;
  const accuracy = metrics.mnist_test_accuracy;
  return [`${size} weights`, ...(accuracy ? [`${(100 * accuracy).toFixed(2)} % of MNIST`] : [])];
}

function inShort({ prediction, confidence, reason }) {
  if (prediction === null) return ["blank"];
  if (reason === "SEVERAL_DIGITS") return ["several"];
  return [create("b", "", prediction), ` ${percent(confidence)}`];
}

function name(model) {
  return NAMES[model] ?? model;
}

