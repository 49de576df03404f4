"""How a reader is trained."""

from dataclasses import dataclass

NAME = "reader"


@dataclass(frozen=True, slots=True)
class Lessons:
    """How one of its nets is trained: in `epochs` of `steps` batches, one cycle of the rate."""

    epochs: int
    steps: int
    batch: int
    peak_rate: float


@dataclass(frozen=True, slots=True)
class Course:
    """How a reader is trained: the detector on `tiles`, the refiner on close-ups of `pictures`.

    It is fitted on so many `pages`, `strings` and bare `surfaces`.
    """

    name: str
    detector: Lessons
    refiner: Lessons
    seed: int = 20
    tiles: int = 180_000
    pictures: int = 50_000
    warm_up: float = 0.1
    weight_decay: float = 0.02
    label_smoothing: float = 0.03
    ema: float = 0.998
    norm_momentum: float = 0.99
    pages: int = 700
    strings: int = 300
    surfaces: int = 300


FULL = Course(
    "full",
    detector=Lessons(epochs=56, steps=250, batch=64, peak_rate=3e-3),
    refiner=Lessons(epochs=20, steps=3_000, batch=128, peak_rate=2e-3),
)
# Enough for nets that find and read something, which is what the stages after training need.
SMOKE = Course(
    "smoke",
    detector=Lessons(epochs=3, steps=50, batch=16, peak_rate=3e-3),
    refiner=Lessons(epochs=2, steps=40, batch=32, peak_rate=2e-3),
    tiles=400,
    pictures=40,
    norm_momentum=0.9,
    pages=20,
    strings=20,
    surfaces=10,
)
COURSES = {course.name: course for course in (FULL, SMOKE)}
