"""Teachers, their lessons, and the loss of a student that listens."""

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from digits_train import distill, lessons
from digits_train.config import Teaching
from digits_train.errors import StageMissing
from digits_train.pool import folder
from digits_train.teach import teach
from onnx import TensorProto, helper, numpy_helper

LABELS = np.eye(11, dtype=np.float32)[[3, 5, 10]]
LESSONS = np.random.default_rng(1).normal(0, 3, (2, 11)).astype(np.float16)


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


def test_teach(tmp_path: Path) -> None:
    """Every picture gets the teachers' mean logits, also across calls of many pictures."""
    folder(tmp_path).mkdir()
    pictures = np.zeros((1_200, 28, 28), np.uint8)
    pictures[:, 0, 0] = np.arange(1_200) % 251
    teachers = [teacher(tmp_path / f"{weight}.onnx", weight) for weight in (2.0, 4.0)]

    teach(teachers, pictures, tmp_path)

    found = lessons.load(1_200, tmp_path)
    assert found.shape == (1_200, 11)
    assert np.allclose(found[:, 4], pictures[:, 0, 0] * (3 / 255), atol=2e-3)


@pytest.mark.parametrize("pictures", [3, 5])
def test_lessons_of_another_pool(tmp_path: Path, pictures: int) -> None:
    """They are refused, as are none at all, with the stage to run."""
    folder(tmp_path).mkdir()
    if pictures == 3:
        np.save(folder(tmp_path) / "lessons.npy", np.zeros((4, 11), np.float16))

    with pytest.raises(StageMissing, match="digits-train teach"):
        lessons.load(pictures, tmp_path)


def test_targets() -> None:
    """A taught row is split between label and lesson; the others keep their labels whole."""
    both = lessons.targets(LABELS, LESSONS, Teaching(share=0.6, temperature=3.0))

    assert np.array_equal(both[0], np.concatenate([LABELS[0], np.zeros(11)]))
    assert np.allclose(both[1:, :11], 0.4 * LABELS[1:])
    assert np.allclose(both[1:, 11:], 0.6 * softmax(LESSONS / 3.0), atol=1e-3)


def test_loss_without_lessons() -> None:
    """On labels alone it is Keras's smoothed cross-entropy."""
    logits = np.random.default_rng(2).normal(0, 2, (3, 11)).astype(np.float32)
    plain = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.05)
    alone = np.concatenate([LABELS, np.zeros_like(LABELS)], axis=1)

    assert float(distill.Loss(2.0, 0.05)(alone, logits)) == pytest.approx(
        float(plain(LABELS, logits)), rel=1e-5
    )


def test_loss_is_least_where_student_and_teacher_agree() -> None:
    """With the teacher alone, its own logits are the best answer."""
    targets = lessons.targets(LABELS[1:], LESSONS, Teaching(share=1.0, temperature=2.0))
    loss = distill.Loss(2.0, 0.05)
    same = LESSONS.astype(np.float32)

    least = float(loss(targets, same))
    assert least == pytest.approx(
        4 * -(softmax(LESSONS / 2) * np.log(softmax(LESSONS / 2))).sum(axis=1).mean(), rel=1e-3
    )
    for index in range(11):
        for step in (-0.5, 0.5):
            other = same.copy()
            other[:, index] += step
            assert float(loss(targets, other)) > least
