"""What everything that this process started has cost: it says how fast a machine would be that
other work does not keep busy.
"""

import os
from collections import defaultdict
from pathlib import Path
from typing import Final

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


def used_s() -> float:
    """Seconds so far, of this process and of all that descend from it (proc_pid_stat(5))."""
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
    return sum(ticks[member] for member in family) / TICKS_A_SECOND
