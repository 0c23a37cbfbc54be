"""What everything that this process started has cost, in CPU and in memory: CPU says how fast a
machine would be that other work does not keep busy.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from smartcity.storage.processes import command_line

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
PEAK_KB: Final = re.compile(r"VmHWM:\s+(\d+) kB")


def used_s() -> float:
    """Seconds so far, of this process and of all that descend from it (proc_pid_stat(5))."""
    return sum(_family().values()) / TICKS_A_SECOND


def used_by(words: str) -> float:
    """Of those, seconds of the processes whose command line has these words in it."""
    family = _family()
    return sum(family[pid] for pid in _named(words, family)) / TICKS_A_SECOND


def peak_mb(words: str) -> float:
    """The most memory that these processes have held so far, one with the other."""
    told = (Path(f"/proc/{pid}/status").read_text() for pid in _named(words, _family()))
    return sum(int(PEAK_KB.findall(one)[0]) for one in told) / 1024


def _named(words: str, family: Iterable[int]) -> list[int]:
    return [pid for pid in family if words in " ".join(command_line(pid))]


def _family() -> dict[int, int]:
    """Ticks so far, by process."""
    ticks: dict[int, int] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        ticks[int(folder.name)] = int(after_name[11]) + int(after_name[12])
        children[int(after_name[1])].append(int(folder.name))
    family = [os.getpid()]
    for member in family:
        family += children[member]
    return {member: ticks[member] for member in family}
