"""Model cards: what each model is, of what it was made and what it is not for."""

from collections.abc import Sequence

from digits_core import Reader
from digits_core.image import NORMALIZER_VERSION, PAGE_VERSION

from digits_train.report.measured import Measured, percent, wilson
from digits_train.report.page import Chapter, Table, markdown
from digits_train.report.subject import Subject

KINDS = {
    "mlp": "A multilayer perceptron, the baseline.",
    "cnn": "A convolutional network, the default.",
    "cnn-int8": "The convolutional network in integers of eight bits, made from `cnn`.",
}

DATA = (
    (
        "MNIST, training images",
        "LeCun, Cortes, Burges",
        "commonly cited as CC BY-SA 3.0",
    ),
    (
        "Pen-Based Recognition of Handwritten Digits, 24 of 30 writers, two of them to validate",
        "Alpaydin and Alimoglu, UCI",
        "CC BY 4.0",
    ),
    ("Omniglot, characters of eight alphabets, as what is no digit", "Lake", "MIT"),
)

FONTS = ("Handwriting fonts, named in NOTICE", "their authors", "OFL, Apache 2.0 or CC0")

LIMITS = (
    "One digit of 0 to 9 a picture, written by hand, upright within some twenty degrees. Printed "
    "digits, digits of other scripts and several digits in one picture are not what it learnt; "
    "several are refused or left to the number reader. A 6 and a 9 are told apart by which way is "
    "up. Confidence is calibrated on pictures like those of the data above: on pictures that "
    "differ much from them it promises too much. Letters that also are digits (O, l, Z, S and "
    "their like) cannot be refused for being letters. Who wrote the digits of MNIST were "
    "employees of a US authority and US students: shapes usual elsewhere come from the pens and "
    "fonts alone."
)

READER_LIMITS = (
    "Digits of 0 to 9 in rows, written by hand, upright within some ten degrees, of about one "
    "height in a picture, at most 1,000 characters. Slanted columns, digits one above the other as "
    "in sums, and printed digits are not what it learnt. Letters and signs are marked as no digit, "
    "but those that also are digits (O, l, Z, S and their like) cannot be. Where ink is faded, "
    "torn or blotted it reads what is likeliest, and is less sure; what it cannot tell from dirt "
    "it leaves out. Confidence is calibrated on pages of the kind that it learnt from."
)


def card(subject: Subject, measured: Measured) -> str:
    """The Markdown card of one model, all figures measured on the bundle."""
    manifest = subject.recognizer.manifest
    kind = KINDS.get(subject.name, "")
    about = Chapter(
        "What it is",
        [
            (
                f"{kind} {manifest.parameters:,} parameters. It takes 28 x 28 pictures, white on "
                f"black, as normaliser {NORMALIZER_VERSION} makes them, and answers with the "
                "digit, how sure it is, and whether the picture shows one digit at all."
            ),
            _origin(
                subject.label, subject.digest, manifest.commit, manifest.training.get("seed", "")
            ),
        ],
    )
    use = Chapter(
        "What it is for",
        [
            (
                "Reading single handwritten digits that people draw, photograph or scan, where "
                "a wrong answer costs a correction. Where it costs more, act on accepted "
                "answers alone, from a confidence that the table for operators gives. It is "
                "not for deciding on people."
            ),
            LIMITS,
        ],
    )
    fonts = "fonts" in manifest.training.get("data", {}) or "pool" in manifest.training.get(
        "data", {}
    )
    return markdown(
        f"Model card: {subject.label}",
        [about, use, _learnt_from(fonts=fonts), _figures(subject, measured)],
        "",
    )


def reader_card(reader: Reader, strings: Chapter) -> str:
    """The Markdown card of the reader; `strings` is the chapter on what it reads of them."""
    manifest = reader.manifest
    label = f"{reader.name} {reader.version}"
    seeds = sorted({str(net["seed"]) for nets in manifest.training.values() for net in nets})
    detectors, refiners = (_together(manifest.training[kind]) for kind in ("detector", "refiner"))
    about = Chapter(
        "What it is",
        [
            (
                f"Two kinds of convolutional networks in one file, {manifest.parameters:,} "
                f"parameters. The first{detectors} looks at a page, white on black, as layout "
                f"{PAGE_VERSION} makes it of a picture, and finds characters; the second{refiners} "
                "looks closely at each of them. What stands alone is shown to the default "
                "recogniser as well. It answers with the digits in reading order, their boxes, and "
                "how sure it is of each and of all."
            ),
            _origin(label, manifest.digest, manifest.commit, ", ".join(seeds)),
        ],
    )
    use = Chapter(
        "What it is for",
        [
            (
                "Reading handwritten numbers that people draw, photograph or scan, where a wrong "
                "answer costs a correction. Where it costs more, act on accepted answers alone. "
                "It is not for deciding on people."
            ),
            READER_LIMITS,
        ],
    )
    return markdown(
        f"Model card: {label}",
        [about, use, _learnt_from(fonts=True), Chapter("How good it is", strings.blocks)],
        "",
    )


def _together(nets: Sequence[object]) -> str:
    """What to say of a kind that was trained several times."""
    return f", {len(nets)} that answer by their mean," if len(nets) > 1 else ""


def _origin(label: str, digest: str, commit: str, seed: object) -> Table:
    return Table(
        ["", ""],
        [
            ["model", label],
            ["SHA-256 of model.onnx", f"`{digest}`"],
            ["trained at commit", f"`{commit}`"],
            ["seed", f"{seed}"],
            ["licence", "Apache 2.0"],
        ],
    )


def _learnt_from(*, fonts: bool) -> Chapter:
    return Chapter(
        "What it learnt from",
        [
            Table(
                ["data", "by", "licence"],
                [
                    *DATA,
                    *([FONTS] if fonts else []),
                    ("Own drawings and textures", "this project", "Apache 2.0"),
                ],
            ),
            (
                "Pictures that people sent, Chars74K, USPS and the pictures of what is no digit "
                "were only measured on."
            ),
        ],
    )


def _figures(subject: Subject, measured: Measured) -> Chapter:
    rows = []
    for part in measured.sets:
        answers = measured.answers[subject.name, part.name]
        total = len(answers.right)
        hits = total - (answers.errors if part.digits else total - answers.refused)
        rows.append(
            [
                part.name,
                "read rightly" if part.digits else "refused",
                f"{total:,}",
                percent(hits / total),
                wilson(hits, total),
            ]
        )
    return Chapter(
        "How good it is",
        [
            Table(
                ["pictures", "what", "n", "share", "95 %"],
                rows,
                f"Measured on {subject.label} ({subject.digest[:12]}) through the recogniser.",
            )
        ],
    )
