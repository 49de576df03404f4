import pytest
from digits_client import ImageError, Number
from digits_client.figures import Share
from digits_client.labels import Sample
from digits_client.number_figures import NumberAnswer, NumberEvaluation, NumberTally, distance


def answer(label: str, text: str, *, reason: str | None = None, **columns: str) -> NumberAnswer:
    """What the reader says, `text`, of a picture that is labelled `label`."""
    sample = Sample("x.png", "x.png", label, None, columns)
    return NumberAnswer(sample, Number(text, 0.9, (), reason))


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        pytest.param("735426", ["735426"], id="plain"),
        pytest.param("12345 67891/23456 19773", ["1234567891", "2345619773"], id="rows"),
        pytest.param("3+4", ["34"], id="sign"),
        pytest.param("1984.0", ["1984"], id="table with gaps"),
        pytest.param("0869", ["0869"], id="leading zero"),
        pytest.param("none", [], id="none"),
        pytest.param("", [], id="empty"),
    ],
)
def test_a_label_is_its_rows_of_digits(label, wanted):
    """Spaces and signs do not count."""
    assert answer(label, "").wanted == wanted


@pytest.mark.parametrize(
    ("label", "text", "right", "rows", "edits"),
    [
        pytest.param("12 34/5", "1234\n5", True, 2, 0, id="but for a gap"),
        pytest.param("12/34", "1234", False, 0, 0, id="rows joined"),
        pytest.param("12/34/56", "12\n56", False, 2, 2, id="row missing"),
        pytest.param("1234", "1934", False, 0, 1, id="one changed"),
        pytest.param("12", "", False, 0, 2, id="nothing read"),
        pytest.param("1", "111", False, 0, 2, id="too many"),
    ],
)
def test_what_counts_as_right(label, text, right, rows, edits):
    """All of it, row by row, digit by digit."""
    given = answer(label, text)

    assert (given.right, given.rows, given.edits) == (right, rows, edits)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("", "123", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("12", "21", 2)],
)
def test_levenshtein_s_distance(one, other, edits):
    """As in the textbooks, in both directions."""
    assert distance(one, other) == distance(other, one) == edits


def test_the_figures_tell_numbers_from_other_pictures():
    """Forced choice counts every number; what holds none is to be refused."""
    tally = NumberTally(
        [
            answer("12/34", "12\n34"),
            answer("12/34", "12\n39"),
            answer("56", "56", reason="UNSURE"),
            answer("78", "", reason="BLANK"),
            answer("none", "7"),
            answer("none", "", reason="NOT_A_DIGIT"),
        ]
    )

    assert tally.numbers == Share(2, 4)
    assert tally.rows == Share(4, 6)
    assert (tally.edits, tally.digits, tally.error_rate) == (3, 12, 0.25)
    assert tally.wrong_accepted == 1
    assert tally.accepted == Share(1, 3)
    assert tally.others == Share(1, 2)
    assert tally.refused == {"UNSURE": 1, "BLANK": 1}


def test_figures_of_nothing_are_none():
    """No picture, no figure."""
    tally = NumberTally([])

    assert (tally.numbers.value, tally.rows.interval, tally.error_rate) == (None, None, None)


def test_groups_stand_in_their_values_order():
    """Each value of the column has the figures of its pictures; failures are no answers."""
    answers = [answer("1", "1", kind="scan"), answer("2", "3", kind="photo")]
    failed = (answers[0].sample, ImageError("cut short", reason="CORRUPT_IMAGE"))
    evaluation = NumberEvaluation("reader", "1", "0" * 64, answers, [failed])

    assert evaluation.tally.numbers == Share(1, 2)
    assert {value: tally.numbers for value, tally in evaluation.by("kind").items()} == {
        "photo": Share(0, 1),
        "scan": Share(1, 1),
    }
    assert list(evaluation.by("kind")) == ["photo", "scan"]
