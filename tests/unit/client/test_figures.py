import pytest
from digits_client import ImageError, Prediction
from digits_client.figures import Answer, Evaluation, Share, Tally, difference
from digits_client.labels import Sample


def answer(label: int | None, digit: int | None, *, reason: str | None = None, **columns: str):
    """What a model says, `digit`, of a picture that shows `label`."""
    name = columns.pop("name", "x.png")
    prediction = Prediction(
        digit, 0.9, (0.1,) * 10, 0.9, reason is None, reason, "cnn", "1", None, 1
    )
    return Answer(Sample(name, name, str(label), label, columns), prediction)


def evaluation(*answers: Answer, model: str = "cnn") -> Evaluation:
    """The evaluation of a model with these answers."""
    return Evaluation(model, "1", "0" * 64, answers, ())


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        pytest.param(0, 10, 0.0, 0.2775, id="none of ten"),
        pytest.param(5, 10, 0.2366, 0.7634, id="half of ten"),
        pytest.param(81, 263, 0.2553, 0.3662, id="Newcombe 1998, table I"),
    ],
)
def test_the_interval_is_wilson_s(hits, total, low, high):
    """As published and by hand."""
    assert Share(hits, total).interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_is_none():
    """No picture, no figure."""
    assert Share(0, 0).value is None
    assert Share(0, 0).interval is None


def test_the_figures_tell_digits_from_other_pictures():
    """Forced choice counts every digit; refusals have reasons; other pictures are to be refused."""
    tally = Tally(
        [
            answer(3, 3),
            answer(3, 5),
            answer(4, 4, reason="UNSURE"),
            answer(5, None, reason="BLANK"),
            answer(None, 7),
            answer(None, 7, reason="NOT_A_DIGIT"),
        ]
    )

    assert tally.digits == Share(2, 4)
    assert tally.wrong_accepted == 1
    assert tally.refused == {"UNSURE": 1, "BLANK": 1}
    assert tally.others == Share(1, 2)
    assert tally.accepted == Share(1, 3)


def test_groups_stand_in_their_values_order():
    """Each value of the column has the figures of its pictures."""
    groups = evaluation(
        answer(3, 3, kind="scan"), answer(3, 5, kind="photo"), answer(1, 1, kind="photo")
    ).by("kind")

    assert list(groups) == ["photo", "scan"]
    assert [tally.digits for tally in groups.values()] == [Share(1, 2), Share(1, 1)]


def test_the_confusion_matrix_has_a_column_without_ink():
    """Rows are what is shown, columns what is answered; other pictures are in neither."""
    matrix = evaluation(answer(3, 5), answer(3, 5), answer(9, None), answer(None, 1)).confusion()

    assert matrix[3][5] == 2
    assert matrix[9][10] == 1
    assert sum(map(sum, matrix)) == 3


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        pytest.param(0, 0, 1.0, id="no difference"),
        pytest.param(3, 3, 1.0, id="even"),
        pytest.param(0, 5, 2 / 32, id="five to none"),
        pytest.param(8, 1, 2 * 10 / 512, id="eight to one"),
        pytest.param(2500, 2400, 0.1573, id="thousands"),
    ],
)
def test_mcnemar_s_exact_test(only_first, only_second, p_value):
    """Twice the tail of the even binomial, at most 1."""
    answers = [(1, 0)] * only_first + [(0, 1)] * only_second + [(1, 1), (0, 0)]
    first, second = (
        evaluation(
            *(answer(1, right[side], name=str(each)) for each, right in enumerate(answers)),
            model=name,
        )
        for side, name in enumerate(("mlp", "cnn"))
    )

    found = difference(first, second)

    assert (found.models, found.only_first, found.only_second) == (
        ("mlp", "cnn"),
        only_first,
        only_second,
    )
    assert found.p_value == pytest.approx(p_value, abs=1e-4)


def test_models_are_compared_on_what_both_answered():
    """A picture that one model failed on says nothing, nor does one that is no digit."""
    first = evaluation(answer(1, 1, name="a"), answer(1, 0, name="b"), answer(None, 1, name="c"))
    second = evaluation(answer(1, 1, name="b"), answer(None, 1, name="c", reason="UNSURE"))

    found = difference(first, second)

    assert (found.only_first, found.only_second) == (0, 1)


def test_failures_are_no_answers():
    """What could not be read is beside the figures."""
    failed = (answer(1, 1).sample, ImageError("cut short", reason="CORRUPT_IMAGE"))
    with_failure = Evaluation("cnn", "1", "0" * 64, [answer(2, 2)], [failed])

    assert with_failure.tally.digits == Share(1, 1)
