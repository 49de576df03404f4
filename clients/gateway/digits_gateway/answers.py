"""What the routes answer, in the words of the contract."""

import base64
from typing import Annotated

from digits_client import Comparison, DigitsError, Model, Number, NumberDigit, Prediction
from pydantic import BaseModel, Field

from digits_gateway.problems import Problem

Probability = Annotated[float, Field(json_schema_extra={"minimum": 0, "maximum": 1})]
"""The bounds are documented, not enforced: a rounding error must not hide an answer."""


class Answer(BaseModel):
    """What one model says about one picture."""

    prediction: int | None = Field(description="The digit, 0 to 9; null when there is no ink.")
    confidence: Probability = Field(
        description="The calibrated probability that `prediction` is right."
    )
    probabilities: list[float] = Field(
        description="Those of the digits 0 to 9, given that the picture shows one; they sum to 1.",
        min_length=10,
        max_length=10,
    )
    digit_score: Probability = Field(description="The probability that the picture is one digit.")
    accepted: bool = Field(description="Whether it is one clear digit.")
    reason: str | None = Field(
        description="Why it is not accepted: BLANK, NOT_A_DIGIT, SEVERAL_DIGITS, TOO_FAINT, UNSURE."
    )
    model: str = Field(description="The name of the model that answered.")
    model_version: str = Field(description="Its version, a decimal integer.")
    normalized: str = Field(
        default="",
        description="With `include_normalized`: the 28 x 28 grey values that the model saw, "
        "row by row, white ink on black, in base64.",
    )

    @classmethod
    def of(cls, prediction: Prediction, *, include_normalized: bool) -> "Answer":
        """Return the reply for a prediction. `normalized` is left unset unless asked for."""
        answer = cls(
            prediction=prediction.digit,
            confidence=prediction.confidence,
            probabilities=list(prediction.probabilities),
            digit_score=prediction.digit_score,
            accepted=prediction.accepted,
            reason=prediction.reason,
            model=prediction.model,
            model_version=prediction.model_version,
        )
        if include_normalized and prediction.normalized is not None:
            seen = base64.b64encode(prediction.normalized).decode()
            return answer.model_copy(update={"normalized": seen})
        return answer


class Failure(BaseModel):
    """Why one model of a comparison has no answer."""

    reason: str = Field(examples=["MODEL_NOT_FOUND"])
    detail: str
    field: str | None


class NoAnswer(BaseModel):
    """A model of a comparison that could not answer."""

    model: str
    error: Failure

    @classmethod
    def of(cls, model: str, error: DigitsError) -> "NoAnswer":
        """Return the reply for a model's error."""
        problem = Problem.of(error)
        failure = Failure(reason=problem.reason, detail=problem.detail, field=problem.field)
        return cls(model=model, error=failure)


class ComparisonAnswer(BaseModel):
    """Several models' answers for one picture."""

    predictions: list[Answer | NoAnswer] = Field(description="One a model, in a fixed order.")
    agree: bool = Field(
        description="Whether every model answered and all gave the same digit, or found no ink."
    )

    @classmethod
    def of(cls, comparison: Comparison, *, include_normalized: bool) -> "ComparisonAnswer":
        """Return the reply for a comparison."""
        return cls(
            predictions=[
                NoAnswer.of(name, outcome)
                if isinstance(outcome, DigitsError)
                else Answer.of(outcome, include_normalized=include_normalized)
                for name, outcome in comparison.predictions.items()
            ],
            agree=comparison.agree,
        )


class AlternativeAnswer(BaseModel):
    """Another digit that a character may be."""

    digit: int = Field(examples=[1])
    confidence: Probability = Field(description="Its calibrated probability.")


class CharacterAnswer(BaseModel):
    """One character of a number."""

    digit: int | None = Field(
        description="The digit, 0 to 9; null for what is no digit: a letter, a sign."
    )
    confidence: Probability = Field(
        description="The calibrated probability that `digit` is right.", examples=[0.993]
    )
    accepted: bool = Field(description="Whether it is one clear digit.")
    box: list[int] = Field(
        description="x, y, width, height in pixels of the upright picture (after EXIF), from its "
        "left upper corner.",
        min_length=4,
        max_length=4,
        examples=[[38, 52, 41, 76]],
    )
    row: int = Field(description="Counted from 0 at the top.")
    alternatives: list[AlternativeAnswer] = Field(
        description="Other digits that it may be, the likeliest first."
    )

    @classmethod
    def of(cls, digit: NumberDigit) -> "CharacterAnswer":
        """Return the reply for a character."""
        box = digit.box
        return cls(
            digit=digit.digit,
            confidence=digit.confidence,
            accepted=digit.accepted,
            box=[box.x, box.y, box.width, box.height],
            row=digit.row,
            alternatives=[
                AlternativeAnswer(digit=other.digit, confidence=other.confidence)
                for other in digit.alternatives
            ],
        )


class NumberAnswer(BaseModel):
    """The number that stands in a picture."""

    text: str = Field(
        description="Its digits in reading order, a newline between rows, a space at a wide gap.",
        examples=["1984"],
    )
    confidence: Probability = Field(
        description="The calibrated probability that `text` is right.", examples=[0.971]
    )
    reason: str | None = Field(
        description="Why it is not to be trusted: BLANK, NOT_A_DIGIT, UNSURE; null when it is."
    )
    digits: list[CharacterAnswer] = Field(description="The characters in reading order.")

    @classmethod
    def of(cls, number: Number) -> "NumberAnswer":
        """Return the reply for a number."""
        return cls(
            text=number.text,
            confidence=number.confidence,
            reason=number.reason,
            digits=[CharacterAnswer.of(digit) for digit in number.digits],
        )


class ModelAnswer(BaseModel):
    """A published model."""

    name: str
    version: str = Field(description="A decimal integer.")
    digest: str = Field(description="SHA-256 of the model file.")
    ready: bool
    parameters: int = Field(description="Trained parameters.")
    metrics: dict[str, float] = Field(examples=[{"mnist_test_accuracy": 0.997}])
    normalizer_version: int
    error: str | None = Field(description="Why it is not ready.")

    @classmethod
    def of(cls, model: Model) -> "ModelAnswer":
        """Return the reply for a model."""
        return cls(
            name=model.name,
            version=model.version,
            digest=model.digest,
            ready=model.ready,
            parameters=model.parameters,
            metrics=dict(model.metrics),
            normalizer_version=model.normalizer_version,
            error=model.error,
        )


class ModelsAnswer(BaseModel):
    """The published models."""

    models: list[ModelAnswer]
    default_model: str | None = Field(description="The one that answers when none is named.")

    @classmethod
    def of(cls, models: list[Model]) -> "ModelsAnswer":
        """Return the reply for a list of models."""
        return cls(
            models=[ModelAnswer.of(model) for model in models],
            default_model=next((model.name for model in models if model.default), None),
        )


class State(BaseModel):
    """Whether something is well."""

    status: str = Field(examples=["ok"])
