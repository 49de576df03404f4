"""Model cards: what each model is, of what it was made and what it is not for."""

from digits_core.image import NORMALIZER_VERSION

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


def card(subject: Subject, measured: Measured) -> str:
    """The Markdown card of one model, all figures measured on the bundle."""
    manifest = subject.recognizer.bundle.manifest
    kind = KINDS.get(subject.name, "")
    about = Chapter(
        "What it is",
        [
            (
                f"{kind} {manifest.parameters:,} parameters. It takes 28 x 28 pictures, white on "
                f"black, as normaliser {NORMALIZER_VERSION} makes them, and answers with the "
                "digit, how sure it is, and whether the picture shows one digit at all."
            ),
            Table(
                ["", ""],
                [
                    ["model", subject.label],
                    ["SHA-256 of model.onnx", f"`{subject.digest}`"],
                    ["trained at commit", f"`{manifest.commit}`"],
                    ["seed", f"{manifest.training.get('seed', '')}"],
                    ["licence", "Apache 2.0"],
                ],
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
    made = Chapter(
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
    return markdown(
        f"Model card: {subject.label}", [about, use, made, _figures(subject, measured)], ""
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
