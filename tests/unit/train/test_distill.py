"""Teachers, and the loss of a student that listens to them."""

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from digits_core.bundle import MODELS_DIR, find
from digits_train import distill
from digits_train.config import Teaching
from digits_train.teachers import TEACHER_FILE, Teachers, predecessor
from onnx import TensorProto, helper, numpy_helper

LABELS = np.eye(11, dtype=np.float32)[[3, 5, 10]]
ANSWERS = np.random.default_rng(1).normal(0, 3, (3, 11)).astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of rows."""
    odds = np.exp(logits.astype(np.float64))
    return odds / odds.sum(axis=1, keepdims=True)


def teacher(path: Path, weight: float) -> Path:
    """A network that answers with `weight` times the sum of the picture, in all eleven."""
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    weights = numpy_helper.from_array(np.full((784, 11), weight, np.float32), "weights")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 28, 28])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 11])
    graph = helper.make_graph(nodes, "teacher", [image], [logits], [weights])
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    return path


def test_teachers_answer_together(tmp_path: Path) -> None:
    """Every picture gets the mean of their logits."""
    pictures = np.zeros((5, 28, 28), np.float32)
    pictures[:, 0, 0] = np.arange(5)
    teachers = Teachers([teacher(tmp_path / f"{weight}.onnx", weight) for weight in (2.0, 4.0)])

    answers = teachers(pictures)

    assert answers.dtype == np.float32
    assert np.allclose(answers, 3 * np.arange(5)[:, None] * np.ones(11))


def test_teachers_are_told_apart(tmp_path: Path) -> None:
    """What a student has listened to is known by the files' content, not by their names."""
    files = [teacher(tmp_path / f"{name}.onnx", weight) for name, weight in enumerate((1, 1, 2))]
    first, same, other = (Teachers([file]).digests for file in files)

    assert first == same != other


def test_the_published_cnn_teaches(tmp_path: Path) -> None:
    """Its successors listen to it, also when they are published while their run goes on."""
    (kept,) = predecessor(MODELS_DIR, tmp_path)
    (tmp_path / TEACHER_FILE).touch()

    assert kept.read_bytes() == (find("cnn") / "model.onnx").read_bytes()
    assert predecessor(tmp_path, tmp_path) == [kept]


def test_before_there_was_a_published_cnn(tmp_path: Path) -> None:
    """A run that began without one goes on without it."""
    assert predecessor(tmp_path, tmp_path) == []
    (tmp_path / TEACHER_FILE).touch()

    assert predecessor(MODELS_DIR, tmp_path) == []


def test_targets() -> None:
    """A row is split between the label and the teachers' softened answer."""
    both = distill.targets(LABELS, ANSWERS, Teaching(share=0.6, temperature=3.0))

    assert both.dtype == np.float32
    assert np.allclose(both[:, :11], 0.4 * LABELS)
    assert np.allclose(both[:, 11:], 0.6 * softmax(ANSWERS / 3.0), atol=1e-6)


def test_loss_of_labels_alone() -> None:
    """Where the teachers have no share it is Keras's smoothed cross-entropy."""
    logits = np.random.default_rng(2).normal(0, 2, (3, 11)).astype(np.float32)
    plain = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.05)
    alone = distill.targets(LABELS, ANSWERS, Teaching(share=0.0))

    assert float(distill.Loss(2.0, 0.05)(alone, logits)) == pytest.approx(
        float(plain(LABELS, logits)), rel=1e-5
    )


def test_loss_is_least_where_student_and_teacher_agree() -> None:
    """With the teacher alone, its own logits are the best answer."""
    targets = distill.targets(LABELS, ANSWERS, Teaching(share=1.0, temperature=2.0))
    loss = distill.Loss(2.0, 0.05)

    least = float(loss(targets, ANSWERS))
    assert least == pytest.approx(
        4 * -(softmax(ANSWERS / 2) * np.log(softmax(ANSWERS / 2))).sum(axis=1).mean(), rel=1e-3
    )
    for index in range(11):
        for step in (-0.5, 0.5):
            other = ANSWERS.copy()
            other[:, index] += step
            assert float(loss(targets, other)) > least
