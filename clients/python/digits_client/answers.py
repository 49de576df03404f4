"""What the server answers, as plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass

from digits_client.errors import DigitsError


@dataclass(frozen=True, slots=True)
class Prediction:
    """One model's answer for one picture.

    `digit` is 0 to 9, None only when there is no ink. `probabilities` are those
    of the digits 0 to 9 given that the picture shows one digit, and sum to 1;
    `digit_score`, 0 to 1, is the probability that it does; `confidence`, their
    product for `digit`, is the calibrated probability that the answer is right.
    `reason` says why `accepted` is false: BLANK, NOT_A_DIGIT, SEVERAL_DIGITS,
    TOO_FAINT or UNSURE. `normalized` are the 28 x 28 grey values that the model
    saw, row by row, white ink on black; None unless they were asked for.
    `digit_count` counts the groups of ink that could each be a digit.
    """

    digit: int | None
    confidence: float
    probabilities: tuple[float, ...]
    digit_score: float
    accepted: bool
    reason: str | None
    model: str
    model_version: str
    normalized: bytes | None
    digit_count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several models' answers for one picture.

    `predictions` maps the models' names, in the order asked for, to their
    answers; a model that cannot answer has its error there. `agree` is true when
    every model answered and all gave the same digit, or all found no ink.
    """

    predictions: Mapping[str, Prediction | DigitsError]
    agree: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright picture, the origin at the top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of a character, with its calibrated probability."""

    digit: int
    confidence: float


@dataclass(frozen=True, slots=True)
class NumberDigit:
    """One character of a number.

    `digit` is 0 to 9, None when it is not a digit; `confidence` is the calibrated
    probability that this is right, and `accepted` says whether it is a digit
    beyond the published threshold. `alternatives` are other digits, the most
    probable first; `row` counts from 0 at the top.
    """

    digit: int | None
    confidence: float
    box: Box
    alternatives: tuple[Alternative, ...]
    accepted: bool
    row: int


@dataclass(frozen=True, slots=True)
class Number:
    """The number in a picture.

    `text` holds the digits in reading order, a newline between rows and a space
    at a wide gap; `confidence` is the calibrated probability that it is right.
    `digits` are all characters in reading order, those too that are no digits
    and so not in `text`. `reason` says why it should not be trusted (BLANK,
    NOT_A_DIGIT, UNSURE), None when it may be.
    """

    text: str
    confidence: float
    digits: tuple[NumberDigit, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the server has published.

    `digest` is the SHA-256 of the model file in hexadecimal; `metrics` are the
    published figures by name, such as "mnist_test_accuracy"; `error` says why a
    model is not `ready`. `default` marks the one that answers when a call names
    none.
    """

    name: str
    version: str
    digest: str
    ready: bool
    parameters: int
    metrics: Mapping[str, float]
    normalizer_version: int
    error: str | None
    default: bool
