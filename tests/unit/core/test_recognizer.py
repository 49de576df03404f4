"""The recogniser: scores, reasons, canaries."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from digits_core import (
    BundleError,
    CoreError,
    ImageError,
    Recognizer,
    Rejection,
    from_pixels,
    prepare,
)
from digits_core.bundle import Bundle, Canary, Manifest
from digits_core.errors import WrongSize
from digits_core.image import Normalized, Traits, decode, normalize

from tests.unit.core.linear import linear_model, seven_png

MakeBundle = Callable[..., Bundle]


@pytest.fixture
def recognizer(bundle_of: MakeBundle) -> Recognizer:
    """The linear model, loaded."""
    return Recognizer(bundle_of(linear_model()))


def test_three_lines(models_dir: Path, tmp_path: Path) -> None:
    """Load and predict, from a path as from bytes."""
    (tmp_path / "seven.png").write_bytes(seven_png())
    recognizer = Recognizer.load(models_dir=models_dir)

    by_path = recognizer.predict(tmp_path / "seven.png")

    assert by_path.model == "linear"
    assert by_path.model_version == "10"
    assert by_path.digit == recognizer.predict(seven_png()).digit


def test_scores_are_calibrated_by_the_temperature(recognizer: Recognizer) -> None:
    """Scores = softmax(logits / T), and the prediction follows from them."""
    seen = from_pixels(np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8))
    logits = recognizer.logits(seen.pixels[None])[0].astype(float)
    scores = np.exp(logits / 0.5) / np.exp(logits / 0.5).sum()

    prediction = recognizer.recognize([seen])[0]

    assert prediction.digit_score == pytest.approx(1 - scores[10])
    assert prediction.probabilities == pytest.approx(scores[:10] / scores[:10].sum())
    assert sum(prediction.probabilities) == pytest.approx(1)
    assert prediction.confidence == pytest.approx(scores[:10].max())
    assert prediction.digit == scores[:10].argmax()


def test_the_bias_speaks_against_other_pictures(
    recognizer: Recognizer, bundle_of: MakeBundle
) -> None:
    """It changes the odds of "not a digit" by its exponential, and no digit's share of the rest."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    plain = recognizer.scores(pixels)

    (canary,) = recognizer.manifest.canaries
    score = 1 / (1 + (1 / canary.digit_score - 1) * np.exp(-2))
    changes = {"other_bias": -2.0, "canaries": (replace(canary, digit_score=score),)}

    biased = Recognizer(bundle_of(linear_model(), **changes)).scores(pixels)

    odds, wanted = (scores[:, 10] / (1 - scores[:, 10]) for scores in (biased, plain))
    assert odds == pytest.approx(wanted * np.exp(-2))
    assert biased[:, 3] / biased[:, 5] == pytest.approx(plain[:, 3] / plain[:, 5])


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 64])
def test_a_batch_answers_like_single_pictures(recognizer: Recognizer, count: int) -> None:
    """Order is kept and the batch's size changes nothing beyond 1e-5."""
    random = np.random.default_rng(count)
    seen = [from_pixels(random.integers(0, 256, (28, 28), np.uint8)) for _ in range(count)]

    together = recognizer.recognize(seen)

    alone = [recognizer.recognize([item])[0] for item in seen]
    for one, other in zip(together, alone, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_a_bad_picture_fails_alone(recognizer: Recognizer) -> None:
    """In a batch, an error takes the place of its picture."""
    answers = recognizer.predict_batch([seven_png(), b"", seven_png(), b"text"])

    assert [isinstance(answer, ImageError) for answer in answers] == [False, True, False, True]


def test_no_pictures_no_answers(recognizer: Recognizer) -> None:
    """An empty batch is answered, not an error."""
    assert recognizer.recognize([]) == []


def two_bars() -> np.ndarray:
    """Two bars that could each be a 1."""
    picture = np.full((90, 160), 235, np.uint8)
    picture[20:70, 30:40] = picture[20:70, 110:120] = 25
    return picture


@pytest.mark.parametrize(
    ("picture", "thresholds", "reason"),
    [
        pytest.param(np.full((40, 40), 255, np.uint8), {}, Rejection.BLANK, id="blank"),
        pytest.param(two_bars(), {}, Rejection.SEVERAL_DIGITS, id="two bars"),
        pytest.param(seven_png(), {"min_contrast": 250.0}, Rejection.TOO_FAINT, id="faint"),
        pytest.param(seven_png(), {"threshold": 1.0}, Rejection.UNSURE, id="unsure"),
        pytest.param(seven_png(), {"intercept": -99.0}, Rejection.UNSURE, id="intercept"),
        pytest.param(
            seven_png(), {"coefficients": {"stroke": -999.0}}, Rejection.UNSURE, id="a trait"
        ),
        pytest.param(seven_png(), {}, None, id="accepted"),
    ],
)
def test_why_an_answer_is_not_accepted(
    bundle_of: MakeBundle,
    manifest: Manifest,
    picture: np.ndarray | bytes,
    thresholds: dict[str, float],
    reason: Rejection | None,
) -> None:
    """Each threshold of the manifest has its reason; only a blank sheet has no digit."""
    acceptance = replace(manifest.acceptance, **thresholds)
    prediction = Recognizer(bundle_of(linear_model(), acceptance=acceptance)).predict(picture)

    assert prediction.reason is reason
    assert prediction.accepted == (reason is None)
    assert (prediction.digit is None) == (reason is Rejection.BLANK)


def test_a_blank_sheet_has_no_confidence(recognizer: Recognizer) -> None:
    """Without ink, nothing is claimed: even odds, confidence and digit score 0."""
    blank = recognizer.predict(np.full((40, 40), 7, np.uint8))

    assert blank.probabilities == (0.1,) * 10
    assert (blank.confidence, blank.digit_score, blank.digit_count) == (0, 0, 0)


def test_a_large_photo_is_decoded_smaller() -> None:
    """Of 12 megapixels a quarter is decoded, in which the digit is seen as in all of them."""
    photo = np.full((3_000, 4_000), 200, np.uint8)
    cv2.polylines(photo, [np.array([[1700, 900], [2300, 900], [1900, 2100]])], False, 40, 90)
    file = cv2.imencode(".jpg", photo)[1].tobytes()

    seen, whole = prepare(file), normalize(decode(file))

    assert seen.traits.size == pytest.approx(whole.traits.size / 2, rel=0.02)
    assert np.abs(seen.pixels.astype(int) - whole.pixels).mean() < 2


def test_pixels_are_not_normalised() -> None:
    """784 bytes are taken as they are; any other number names the right one."""
    pixels = bytes(range(256)) * 3 + bytes(16)

    assert from_pixels(pixels).pixels.tobytes() == pixels
    with pytest.raises(WrongSize, match="784"):
        from_pixels(pixels[1:])


def reading(digit: int, ink: int, count: int = 1) -> Normalized:
    """What the linear model takes for `digit`, the surer the more ink there is, 0 to 255."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[:, 2 * digit : 2 * digit + 5] = ink
    return Normalized(pixels, count, 200.0, Traits(components=1, stroke=0.1, size=28, aspect=0.5))


@pytest.mark.parametrize(
    ("readings", "answered"),
    [
        pytest.param([reading(7, 230), reading(1, 255)], 1, id="the surest"),
        pytest.param([reading(7, 230), reading(1, 255), reading(7, 220)], 0, id="two that agree"),
        pytest.param([reading(7, 60), reading(1, 255), reading(7, 60)], 1, id="two that guess"),
        pytest.param([reading(7, 230), reading(1, 255, 2)], 0, id="no several digits"),
        pytest.param([reading(7, 230, 2), reading(1, 255, 3)], 0, id="nothing but several"),
    ],
)
def test_which_reading_is_answered(
    recognizer: Recognizer, readings: list[Normalized], answered: int
) -> None:
    """That of the digit whose odds sum up highest, where it is read best."""
    first, *others = readings
    (answer,) = recognizer.recognize([replace(first, alternatives=tuple(others))])

    assert np.array_equal(answer.normalized, readings[answered].pixels)


def test_numbers_that_are_none_are_an_error(bundle_of: MakeBundle, manifest: Manifest) -> None:
    """A model that answers NaN is refused at load by its canaries, never read as a 0."""
    with pytest.raises(BundleError, match="canary"):
        Recognizer(bundle_of(linear_model(weight=float("nan"))))


def test_infinite_answers_after_loading(bundle_of: MakeBundle) -> None:
    """An overflow while serving raises instead of answering."""
    model = linear_model(weight=1e37)
    with pytest.raises((CoreError, BundleError)):
        Recognizer(bundle_of(model)).predict(seven_png())


@pytest.mark.parametrize(
    ("model", "cause"),
    [
        pytest.param(b"", "onnxruntime cannot load", id="empty"),
        pytest.param(b"<html></html>", "onnxruntime cannot load", id="html"),
        pytest.param(linear_model(outputs=10), "11", id="ten outputs"),
        pytest.param(linear_model(weight=0.03), "canary", id="other weights"),
        pytest.param(linear_model(weight=-0.02), "canary", id="inverted"),
    ],
)
def test_a_wrong_model_is_refused(bundle_of: MakeBundle, model: bytes, cause: str) -> None:
    """What is not the published model never answers, even with a fitting digest."""
    with pytest.raises(BundleError, match=cause):
        Recognizer(bundle_of(model))


def test_a_bundle_without_canaries_is_refused(bundle_of: MakeBundle) -> None:
    """Nothing is served that was not asked a question with a known answer."""
    with pytest.raises(BundleError, match="no canary"):
        Recognizer(bundle_of(linear_model(), canaries=()))


def test_a_canary_that_cannot_be_decoded(bundle_of: MakeBundle) -> None:
    """A damaged canary picture is the bundle's error."""
    canary = Canary(image="AAAA", digit=1, probabilities=(0.1,) * 10, digit_score=0.5)
    with pytest.raises(BundleError, match="canary"):
        Recognizer(bundle_of(linear_model(), canaries=(canary,)))


def test_several_threads(recognizer: Recognizer) -> None:
    """Threads that share a recogniser get the answers that one thread gets."""
    wanted = recognizer.predict(seven_png()).probabilities
    answers: list[tuple[float, ...]] = []

    def ask() -> None:
        answers.extend(recognizer.predict(seven_png()).probabilities for _ in range(50))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [wanted] * 200
