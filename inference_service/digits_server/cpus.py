"""How many processors this process may use."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available(cgroup: Path = CGROUP) -> int:
    """The processors of the scheduler's mask, or fewer when a container's quota allows less.

    What the host has says nothing: a container of half a processor sees all of it.
    """
    # macOS has no such mask
    mask = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(mask, _quota(cgroup))))


def _quota(cgroup: Path) -> float:
    """The cgroup's processors (version 2, else 1), infinite without a limit."""
    for read in (_quota_v2, _quota_v1):
        try:
            return read(cgroup)
        except (OSError, ValueError):  # another version, or no cgroup at all
            continue
    return math.inf


def _quota_v2(cgroup: Path) -> float:
    quota, period = (cgroup / "cpu.max").read_text().split()
    return math.inf if quota == "max" else int(quota) / int(period)


def _quota_v1(cgroup: Path) -> float:
    quota = int((cgroup / "cpu" / "cpu.cfs_quota_us").read_text())
    period = int((cgroup / "cpu" / "cpu.cfs_period_us").read_text())
    return math.inf if quota < 0 else quota / period
