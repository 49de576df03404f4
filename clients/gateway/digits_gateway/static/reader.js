// Asks the gateway about pictures. The latest question wins: a reply that comes
// after the reply to a later question, or after forget(), is dropped.

const UNDER_WAY = 2; // enough to keep a slow line busy; an older question is given up
const SLOW = 400; // milliseconds after which the page shows that it waits
const PATIENCE = 15_000; // milliseconds; the gateway answers within ten seconds
const PAUSES = [500, 1000, 2000, 3000]; // milliseconds between tries, the last one over and over
const WORTH_ANOTHER_TRY = new Set([0, 408, 429, 502, 503, 504]);

const UNREACHABLE = {
  status: 0,
  reason: "UNREACHABLE",
  detail: "The server cannot be reached.",
};

export class Reader {
  #asked = 0;
  #settled = 0;
  #flights = new Map();
  #again = 0;
  #slow = 0;

  // question(blob, signal) is one of the questions below. answered(answer, milliseconds,
  // picture); troubled(problem, retrying); waiting(whether).
  constructor(question, { answered, troubled, waiting = () => {} }) {
    this.question = question;
    this.answered = answered;
    this.troubled = troubled;
    this.waiting = waiting;
  }

  // Asks about a picture, a promise of a Blob.
  ask(picture) {
    clearTimeout(this.#again);
    return this.#send(picture, 0);
  }

  // Drops every question: its picture is gone.
  forget() {
    clearTimeout(this.#again);
    this.#settle(this.#asked);
  }

  async #send(picture, tries) {
    const number = ++this.#asked;
    const flight = new AbortController();
    this.#flights.set(number, flight);
    this.#slow ||= setTimeout(this.waiting, SLOW, true);
    if (this.#flights.size > UNDER_WAY) this.#drop(this.#flights.keys().next().value);
    const timer = setTimeout(() => flight.abort(), PATIENCE);
    try {
      const start = performance.now();
      const answer = await this.question(await picture, flight.signal);
      if (number <= this.#settled) return;
      this.#settle(number);
      this.answered(answer, performance.now() - start, picture);
    } catch (error) {
      if (number <= this.#settled || number < this.#asked) return;
      this.#settle(number);
      const problem = error.problem ?? UNREACHABLE;
      const retrying = WORTH_ANOTHER_TRY.has(problem.status);
      this.troubled(problem, retrying);
      if (!retrying) return;
      const pause = PAUSES[Math.min(tries, PAUSES.length - 1)];
      this.#again = setTimeout(() => this.#send(picture, tries + 1), pause);
    } finally {
      clearTimeout(timer);
      this.#flights.delete(number);
    }
  }

  #settle(number) {
    this.#settled = number;
    this.waiting(false);
    clearTimeout(this.#slow);
    this.#slow = number < this.#asked ? setTimeout(this.waiting, SLOW, true) : 0;
    for (const earlier of this.#flights.keys()) if (earlier <= number) this.#drop(earlier);
  }

  #drop(number) {
    this.#flights.get(number)?.abort();
    this.#flights.delete(number);
  }
}

class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

// What every model says.
export const compare = (picture, signal) => post("compare?include_normalized=true", picture, signal);

// The number of several digits.
export const read = (picture, signal) => post("read", picture, signal);

async function post(path, picture, signal) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": picture.type || "application/octet-stream" },
    body: picture,
    signal,
  });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({ detail: response.statusText }));
  throw new Refused({ ...problem, status: response.status });
}

export async function models() {
  const response = await fetch("models");
  if (!response.ok) throw new Error(response.statusText);
  return response.json();
}
