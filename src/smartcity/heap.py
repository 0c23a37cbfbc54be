"""What the garbage collector need not look through again and again."""

import gc
from typing import Final

LOOK_AFTER: Final = 10_000
"""So many new objects until the collector looks through them. A page of a list or a batch of pushes
is some thousand that are in use: at the 700 of CPython 3.11 it found nothing to free, and took a
tenth of what a push costs the worker.
"""


def keep_for_good() -> None:
    """Take what this process holds by now for what it will hold to its end, and look at what comes
    later less often.

    A full collection looks through everything that was not kept so. With the modules, the city and
    the app's handlers among it, each stopped the process for 90 to 130 ms, in which nobody was
    answered; and of what a push costs the worker, it was a fifth. For a process that runs one app
    and ends with it: what is kept is never freed.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOK_AFTER)
