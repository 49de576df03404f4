// What is said about an answer: a headline and a sentence.

const REASONS = {
  BLANK: () => ["Nothing there", "There is no ink on the picture."],
  NOT_A_DIGIT: (answer) => ["Not a digit", `It does not look like one. The nearest is ${answer.prediction}.`],
  SEVERAL_DIGITS: () => ["More than one digit", "Reading the number …"],
  TOO_FAINT: (answer) => ["Too faint", `Maybe ${article(answer.prediction)}, but the ink hardly shows.`],
  UNSURE: (answer) => ["Not sure", `It could be ${article(best(answer)[0])} or ${article(best(answer)[1])}.`],
};
const WITHOUT_DIGIT = new Set(["NOT_A_DIGIT", "SEVERAL_DIGITS"]);

export const DOUBTED = "?";
export const NO_DIGIT = "✕";

export function words(answer) {
  if (answer.accepted) return [`${percent(answer.confidence)} sure`, "One clear digit."];
  return (REASONS[answer.reason] ?? REASONS.UNSURE)(answer);
}

// Whether an answer's digit means anything.
export function digitless(answer) {
  return WITHOUT_DIGIT.has(answer.reason);
}

export function wordsOfNumber({ text, confidence, reason, digits }) {
  if (!text) return ["No digits", "There are several things, but no digits among them."];
  const real = digits.filter(({ digit }) => digit !== null);
  const rows = new Set(real.map(({ row }) => row)).size;
  const what = real.length === 1 ? "One digit" : `${real.length} digits${rows > 1 ? ` in ${rows} rows` : ""}`;
  const sentences = [
    `${what}.`,
    ...(real.some(({ accepted }) => !accepted) ? [`${DOUBTED} marks doubt.`] : []),
    ...(real.length < digits.length ? [`${NO_DIGIT} marks what is no digit.`] : []),
  ];
  const sure = `${percent(confidence)} sure`;
  return [reason ? `Not sure: ${percent(confidence)}` : sure, sentences.join(" ")];
}

// Why there is no number, though there are several digits.
export function wordsOfFailure({ reason, detail }, retrying) {
  const what = "More than one digit";
  if (reason === "UNIMPLEMENTED") return [what, "One at a time, please."];
  return [what, retrying ? "They cannot be read at the moment; trying again …" : detail];
}

// Never rounds up to certainty.
export function percent(share) {
  const tenths = Math.min(Math.round(1000 * share), share < 1 ? 999 : 1000);
  return `${(tenths / 10).toFixed(1)} %`;
}

function best({ probabilities }) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}

function article(digit) {
  return digit === 8 ? "an 8" : `a ${digit}`;
}
