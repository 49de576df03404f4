"""Stage `reader export`: both nets' averaged weights as one ONNX file."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
from digits_core.bundle import MODEL_FILE, Bundle, ReaderManifest, digest_of
from numpy.typing import NDArray

from digits_train import reports
from digits_train.errors import StageMissing, WorkFolderMismatch
from digits_train.export import OPSET, require_tensorflow
from digits_train.graph import simplify
from digits_train.reading import net, refinement
from digits_train.reading.course import NAME
from digits_train.reading.joining import DETECTOR, HALVES, REFINER, Half, half_of, side_by_side

Values = NDArray[np.float32]

_BUILD: dict[str, Callable[[int], keras.Model]] = {
    DETECTOR.name: net.build,
    REFINER.name: refinement.build,
}
_STAGE = {DETECTOR.name: "train", REFINER.name: "refine"}


@dataclass(frozen=True, slots=True)
class Net:
    """A trained net: its graph, how it answers, and where its weights came from."""

    graph: onnx.ModelProto
    answer: Callable[[Values], Values]
    origin: list[dict[str, Any]]


def export(work: Path, beside: Sequence[Path] = ()) -> Path:
    """Write `work`/reader.onnx, in which the two nets lie side by side.

    float32[batch, height, width] `page` makes float32[batch, h, w, 16] `cells`,
    float32[count, 32, 32] `close_ups` make float32[count, 12] `answers`. The nets in
    the folders `beside`, work folders or published bundles, answer with those in
    `work`, those of a folder by their mean; a detector that `work` has adopted counts
    once. Raises `StageMissing` without weights, `TrainError` when Keras runs on another
    backend than TensorFlow.
    """
    trained = {half: nets(half, work, beside) for half in HALVES}
    model = side_by_side(*([each.graph for each in trained[half]] for half in HALVES))
    path = work / f"{NAME}.onnx"
    part = path.with_suffix(".part")
    part.write_bytes(model)
    part.replace(path)
    origin = {half.name: [one for each in trained[half] for one in each.origin] for half in HALVES}
    (digest,) = digest_of(model).values()
    reports.write(work, NAME, "export", digest, origin)
    return path


def adopt(work: Path, folder: Path, half: Half = DETECTOR) -> Path:
    """Take over a net of the published reader in `folder`, as `work`/NAME.onnx.

    It takes the place of training one: close-ups are made of what a detector finds. With
    both nets a reader can be exported and fitted anew. Raises `BundleError` when the
    bundle is not whole, `WorkFolderMismatch` where such a net was trained.
    """
    weights = _weights(work, half)
    if weights.is_file():
        raise WorkFolderMismatch(
            f"{weights} was trained here: name another work folder with --work for the published "
            f"{half.name}"
        )
    adopted = _published(folder, half)
    work.mkdir(parents=True, exist_ok=True)
    (work / f"{half.name}.train.json").write_text(
        json.dumps(adopted.origin, indent=2) + "\n", "utf-8"
    )
    path = _adopted(work, half)
    path.write_bytes(adopted.graph.SerializeToString(deterministic=True))
    return path


def unrefined(work: Path, seed: int) -> tuple[bytes, str]:
    """The detector of `work` beside a refiner that learnt nothing; and the detector's SHA-256.

    Raises `StageMissing`.
    """
    model = side_by_side(
        [_trained(work, DETECTOR).graph], [_graph(refinement.build(seed), REFINER)]
    )
    return model, hashlib.sha256(_source(work, DETECTOR).read_bytes()).hexdigest()


def detector(work: Path) -> keras.Model:
    """The detector trained in `work`, with its averaged weights."""
    return _loaded(work, DETECTOR)


def refiner(work: Path) -> keras.Model:
    """The refiner trained in `work`, with its averaged weights."""
    return _loaded(work, REFINER)


def nets(half: Half, work: Path, beside: Sequence[Path]) -> list[Net]:
    """The nets of all folders, each once, the one of `work` last.

    `beside` are work folders or published bundles. Raises `StageMissing`, `BundleError`.
    """
    others = [
        _published(folder, half) if (folder / MODEL_FILE).is_file() else _trained(folder, half)
        for folder in beside
    ]
    own = _trained(work, half)
    return [*(each for each in others if each.origin != own.origin), own]


def exported(work: Path) -> bytes:
    """The content of `work`/reader.onnx. Raises `StageMissing`."""
    path = work / f"{NAME}.onnx"
    if not path.is_file():
        raise StageMissing(f"{path} is missing: run `digits-train reader export` first")
    return path.read_bytes()


def _trained(work: Path, half: Half) -> Net:
    """That of a work folder, trained or adopted there."""
    source = _source(work, half)
    if not source.is_file():
        raise StageMissing(
            f"{source} is missing: run `digits-train reader {_STAGE[half.name]}` first"
        )
    origin = json.loads((work / f"{half.name}.train.json").read_text("utf-8"))
    if source == _adopted(work, half):
        return _as_published(onnx.load(source), half, origin)
    model = _loaded(work, half)

    def answer(shown: Values) -> Values:
        values: Values = model.predict(shown, verbose=0)
        return values

    return Net(_graph(model, half), answer, [origin])


def _published(folder: Path, half: Half) -> Net:
    """That of a bundle."""
    bundle = Bundle.read(folder, ReaderManifest)
    origin = [
        {"config": {key: value for key, value in each.items() if key != "commit"}}
        | {"commit": each["commit"]}
        for each in bundle.manifest.training[half.name]
    ]
    graph = half_of(onnx.load_model_from_string(bundle.model), half)
    simplify(graph)
    return _as_published(graph, half, origin)


def _as_published(graph: onnx.ModelProto, half: Half, origin: list[dict[str, Any]]) -> Net:
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )

    def answer(shown: Values) -> Values:
        values: Values
        (values,) = session.run([half.output], {half.input: shown})
        return values

    return Net(graph, answer, origin)


def _graph(model: keras.Model, half: Half) -> onnx.ModelProto:
    """A Keras model's graph. Raises `TrainError` on another backend than TensorFlow."""
    require_tensorflow()
    # Heavy, and not there on another backend: only for this stage.
    import tensorflow as tf  # noqa: PLC0415
    import tf2onnx  # noqa: PLC0415

    sides = [side if isinstance(side, int) else None for side in half.takes]
    signature = [tf.TensorSpec(sides, tf.float32, name=half.input)]
    answer = tf.function(lambda shown: {half.output: model(shown, training=False)}, signature)
    proto, _ = tf2onnx.convert.from_function(answer, signature, opset=OPSET)
    simplify(proto)
    return proto


def _loaded(work: Path, half: Half) -> keras.Model:
    model = _BUILD[half.name](0)
    model.load_weights(_weights(work, half))
    return model


def _source(work: Path, half: Half) -> Path:
    """What a net of a work folder is read from: the weights trained there, or what it adopted."""
    weights, adopted = _weights(work, half), _adopted(work, half)
    return adopted if adopted.is_file() and not weights.is_file() else weights


def _weights(work: Path, half: Half) -> Path:
    return work / f"{half.name}.weights.h5"


def _adopted(work: Path, half: Half) -> Path:
    return work / f"{half.name}.onnx"
