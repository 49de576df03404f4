"""Stage `publish`: a numbered bundle, with parity proven and from a clean tree."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from digits_core.bundle import Manifest, digest_of, published, write

from digits_train import git, reports
from digits_train.candidate import QUANTIZED, SOURCE, bundle, calibrated, exported
from digits_train.errors import PublishRefused, StageMissing


class _Ready(NamedTuple):
    """A version that may be published."""

    manifest: Manifest
    model: bytes
    beside: dict[str, bytes]


def publish(names: Sequence[str], work: Path, models_dir: Path) -> list[Path]:
    """Write the next version of each model into `models_dir` and return their folders.

    `models_dir` lies in a git checkout, of which everything but that folder
    must be committed. The manifests name the commit that the models were trained
    at. Raises `PublishRefused` when the tree is dirty or parity is not proven,
    `StageMissing` when a stage has not run since the last export; nothing is
    written then.
    """
    ready = [_ready(name, work, models_dir) for name in names]
    return [write(one.manifest, one.model, models_dir, one.beside) for one in ready]


def _ready(model_name: str, work: Path, models_dir: Path) -> _Ready:
    model = exported(model_name, work)
    (digest,) = digest_of(model).values()
    _refuse_unproven(model_name, work, digest)
    refuse_dirty(models_dir)
    made_by = "quantize" if model_name == QUANTIZED else "export"
    origin = reports.read(work, model_name, made_by, digest)
    beside = {"model.tflite": _lite(work, origin["source"])} if model_name == QUANTIZED else {}
    calibration = calibrated(model_name, work, digest)
    metrics = reports.read(work, model_name, "evaluate", digest)
    newest = published(models_dir).get(model_name)
    made = bundle(
        model_name,
        model,
        version=int(newest.name) + 1 if newest else 1,
        calibration=calibration,
        metrics=metrics,
        training=origin["config"],
        commit=origin["commit"],
        beside=beside,
    )
    return _Ready(made.manifest, model, beside)


def _lite(work: Path, source: str) -> bytes:
    """The TensorFlow Lite file of the model whose ONNX file has the digest `source`."""
    if not reports.read(work, SOURCE, "tflite", source)["passed"]:
        raise PublishRefused(
            f"{SOURCE}.tflite answers otherwise than {SOURCE}.onnx: export both again"
        )
    return (work / f"{SOURCE}.tflite").read_bytes()


def _refuse_unproven(model_name: str, work: Path, digest: str) -> None:
    # A model in integers cannot answer as the trained one does, but it can agree with it.
    stage = "quantize" if model_name == QUANTIZED else "parity"
    try:
        parity = reports.read(work, model_name, stage, digest)
    except StageMissing as error:
        raise PublishRefused(str(error)) from error
    if not parity["passed"]:
        raise PublishRefused(
            f"{model_name} failed the parity check: export it again, then run "
            f"`{reports.command(model_name, stage)}`"
        )


def refuse_dirty(models_dir: Path) -> None:
    """Raise `PublishRefused` unless all but `models_dir` of its git checkout is committed."""
    changed = git.changed(models_dir.resolve().parent, besides=models_dir.resolve())
    if changed is None:
        raise PublishRefused(
            f"{models_dir} lies in no git checkout: name the models' folder of one with "
            "--models-dir"
        )
    if changed:
        raise PublishRefused(
            f"{len(changed)} paths of the checkout are not committed ({changed[0]}): commit them, "
            "so that the bundle can be made again"
        )
