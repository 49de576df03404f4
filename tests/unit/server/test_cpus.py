import os
from pathlib import Path

import pytest
from digits_server import cpus


@pytest.mark.parametrize(
    ("files", "available"),
    [
        pytest.param({"cpu.max": "50000 100000"}, 1, id="v2-half"),
        pytest.param({"cpu.max": "100000 100000"}, 1, id="v2-one"),
        pytest.param({"cpu.max": "max 100000"}, None, id="v2-none"),
        pytest.param(
            {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 1, id="v1-half"
        ),
        pytest.param(
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None, id="v1-none"
        ),
        pytest.param({"cpu.max": "nonsense"}, None, id="unreadable"),
        pytest.param({}, None, id="no-cgroup"),
    ],
)
def test_available(tmp_path: Path, files: dict[str, str], available: int | None) -> None:
    """A quota counts, rounded up; without one the scheduler's mask does (None)."""
    (tmp_path / "cpu").mkdir()
    for name, content in files.items():
        (tmp_path / name).write_text(content)

    assert cpus.available(tmp_path) == (available or len(os.sched_getaffinity(0)))


def test_never_more_than_the_mask(tmp_path: Path) -> None:
    """A quota larger than the machine is no promise."""
    (tmp_path / "cpu.max").write_text("9900000 100000")

    assert cpus.available(tmp_path) == len(os.sched_getaffinity(0))
