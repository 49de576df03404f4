"""What Linux tells about processes: who belongs together, processor time, memory, steal."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Ticks:
    """Processor time of the whole machine so far, in ticks; `stolen` went to its neighbours."""

    total: int
    stolen: int

    @classmethod
    def now(cls) -> "Ticks":
        return cls.of((PROC / "stat").read_text())

    @classmethod
    def of(cls, stat: str) -> "Ticks":
        """Those of the first line of /proc/stat."""
        # user nice system idle iowait irq softirq steal; a guest's are in user and nice
        counts = [int(count) for count in stat.splitlines()[0].split()[1:9]]
        return cls(sum(counts), counts[7])

    def stolen_since(self, before: "Ticks") -> float:
        """The share of the time since `before` that others took, 0 to 1."""
        return (self.stolen - before.stolen) / max(1, self.total - before.total)


def family(pid: int) -> set[int]:
    """The process and all its descendants."""
    parents = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            fields = _fields(path)
        except OSError:  # it has ended since
            continue
        parents[int(path.parent.name)] = int(fields[1])
    return descendants(pid, parents)


def descendants(pid: int, parents: Mapping[int, int]) -> set[int]:
    """`pid` and who descends from it, given each process's parent."""
    found, new = set[int](), {pid}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in new} - found
    return found


def cpu_s(pids: Collection[int]) -> float:
    """The processor time that the processes have used, in seconds, give or take a tick each."""
    used = (_fields(PROC / str(pid) / "stat") for pid in pids)
    return sum(int(fields[11]) + int(fields[12]) for fields in used) * TICK_S


def resident_mib(pid: int) -> float:
    """The memory that a process holds, pages that it shares with others included."""
    status = (PROC / str(pid) / "status").read_text()
    [kib] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return int(kib) / 1024


def _fields(stat: Path) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name, which may hold spaces and brackets."""
    return stat.read_text().rpartition(")")[2].split()
