from digits_client import Alternative, Box, Number, NumberDigit
from digits_client.numbers import answer, lines, rows


def character(digit: int | None, row: int = 0, *, accepted: bool = True, **others: float):
    """A character at 1, 2 of 3 x 4 pixels; `or_4=0.3` gives it an alternative."""
    alternatives = tuple(Alternative(int(name[-1]), share) for name, share in others.items())
    return NumberDigit(digit, 0.9, Box(1, 2, 3, 4), alternatives, accepted, row)


PLAIN = Number("19 4", 0.9712, tuple(character(digit) for digit in (1, 9, 4)), None)
SUM = Number(
    "34\n5",
    0.5,
    (
        character(3),
        character(None, accepted=False),
        character(4),
        character(None, 1, accepted=False),
        character(5, 2, accepted=False, or_6=0.3),
    ),
    "UNSURE",
)
BLANK = Number("", 0.0, (), "BLANK")


def test_an_answer_has_the_rest_api_s_keys():
    """One object has the same keys everywhere, the box as a list."""
    shown = answer(SUM)

    assert list(shown) == ["text", "confidence", "reason", "digits"]
    assert shown["text"] == "34\n5"
    assert shown["digits"][1]["digit"] is None
    assert shown["digits"][4] == {
        "digit": 5,
        "confidence": 0.9,
        "accepted": False,
        "box": [1, 2, 3, 4],
        "row": 2,
        "alternatives": [{"digit": 6, "confidence": 0.3}],
    }


def test_a_number_of_one_row_stands_on_one_line():
    """File, digits with their gaps, confidence; a name cannot break the line."""
    assert list(lines("a\nb.png", PLAIN)) == ["a\\nb.png  19 4  97.1 %"]


def test_rows_and_doubts_stand_below():
    """A line a row, and one for each character that is not accepted."""
    assert list(lines("a.png", SUM)) == [
        "a.png  3 rows  50.0 %  not accepted: UNSURE",
        "  3?4",
        "  ?",
        "  5",
        "  ?  no digit, 90.0 %, at x 1, y 2, 3 x 4 pixels",
        "  ?  no digit, 90.0 %, at x 1, y 2, 3 x 4 pixels",
        "  5  unsure, 90.0 %, perhaps 6 (30.0 %), at x 1, y 2, 3 x 4 pixels",
    ]


def test_blank_paper_has_a_dash():
    """No ink, no digits, and why."""
    assert list(lines("a.png", BLANK)) == ["a.png  -  0.0 %  not accepted: BLANK"]


def test_what_is_no_digit_stands_among_the_digits():
    """Gaps stay where they were; a row of signs alone is a row."""
    gap = Number(
        "1 1", 0.9, (character(1), character(None, accepted=False), character(1)), "UNSURE"
    )

    assert rows(gap) == ["1? 1"]
    assert rows(SUM) == ["3?4", "?", "5"]
    assert rows(BLANK) == []
