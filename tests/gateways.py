"""Gateways for tests: a real process on a free port, and a backend that does as it is told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from digits_client import Alternative, Box, Comparison, Model, Number, NumberDigit, Prediction

from tests import logs

START_S = 30.0


class GatewayProcess:
    """A `python -m digits_gateway` of our own, whose log goes to a file."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def text(self) -> str:
        return self.log.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of that name so far."""
        return logs.events(self.log, name)

    @property
    def port(self) -> int:
        return self.events("listening")[0]["port"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def extra_memory_below(self, most: int) -> Iterator[None]:
        """Assert that the process needs fewer bytes of memory than `most` more than now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")  # forget the peak so far
        before = self._peak_bytes()
        yield
        assert self._peak_bytes() - before < most

    def _peak_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 20) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def environment(**settings: object) -> dict[str, str]:
    """The environment of these tests, with no setting of ours but those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGITS_")}
    return clean | {name: str(value) for name, value in settings.items()}


@contextmanager
def running(folder: Path, backend: str, **settings: object) -> Iterator[GatewayProcess]:
    """A gateway before the server at `backend`, with its log in `folder`."""
    chosen = {"DIGITS_HTTP_PORT": 0, "DIGITS_SERVER_ADDRESS": backend} | settings
    log = folder / "gateway.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "digits_gateway"], env=environment(**chosen), stderr=stderr
        )
    gateway = GatewayProcess(process, log)
    try:
        end = time.monotonic() + START_S
        while not gateway.events("listening"):
            assert process.poll() is None, gateway.text
            assert time.monotonic() < end, gateway.text
            time.sleep(0.02)
        yield gateway
    finally:
        process.kill()
        process.wait()


def prediction(**changes: Any) -> Prediction:
    """An answer of the CNN's: a clear seven."""
    values: dict[str, Any] = {
        "digit": 7,
        "confidence": 0.98,
        "probabilities": tuple(0.991 if digit == 7 else 0.001 for digit in range(10)),
        "digit_score": 0.989,
        "accepted": True,
        "reason": None,
        "model": "cnn",
        "model_version": "3",
        "normalized": bytes(range(256)) * 3 + bytes(16),
        "digit_count": 1,
    }
    return Prediction(**values | changes)


def number(**changes: Any) -> Number:
    """A reading of 42 and, in the next row, of something that is no digit."""
    boxes = (Box(10, 20, 30, 40), Box(50, 20, 31, 41), Box(12, 90, 33, 44))
    digits = (
        NumberDigit(4, 0.99, boxes[0], (Alternative(9, 0.008),), accepted=True, row=0),
        NumberDigit(2, 0.97, boxes[1], (), accepted=True, row=0),
        NumberDigit(None, 0.6, boxes[2], (Alternative(5, 0.3),), accepted=False, row=1),
    )
    values: dict[str, Any] = {"text": "42", "confidence": 0.95, "digits": digits, "reason": None}
    return Number(**values | changes)


class FakeBackend:
    """Stands in for `AsyncClient`: answers, or raises, what its attributes hold."""

    def __init__(self) -> None:
        self.answer: Prediction | Exception = prediction()
        self.comparison: Comparison | Exception = Comparison(
            {"mlp": prediction(model="mlp"), "cnn": prediction()}, agree=True
        )
        self.number: Number | Exception = number()
        self.serving: bool | Exception = True
        self.calls: list[dict[str, Any]] = []

    def __call__(self, address: str, workers: Sequence[str]) -> "FakeBackend":
        self.address, self.workers = address, workers
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def predict(self, image: bytes, model: str = "", **options: Any) -> Prediction:
        self.calls.append({"image": image, "model": model} | options)
        return self._outcome(self.answer)

    async def compare_models(self, image: bytes, **options: Any) -> Comparison:
        self.calls.append({"image": image} | options)
        return self._outcome(self.comparison)

    async def read_number(self, image: bytes, **options: Any) -> Number:
        self.calls.append({"image": image} | options)
        return self._outcome(self.number)

    async def list_models(self, **options: Any) -> list[Model]:
        self.calls.append(options)
        self._outcome(self.answer)
        figures = {"mnist_test_accuracy": 0.997}
        return [
            Model("cnn", "3", "0" * 64, True, 283_000, figures, 1, None, True),
            Model("mlp", "2", "1" * 64, False, 911_000, {}, 1, "its canaries fail", False),
        ]

    async def health(self, **options: Any) -> bool:
        self.calls.append(options)
        return self._outcome(self.serving)

    @staticmethod
    def _outcome(outcome: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
