"""The table that `make bench` prints: each figure beside its floor and its budget."""

from typing import Final

import msgspec

from tests.benchmarks.load import Measured

WIDTHS: Final = (48, 24, 14, 7, 14, 8)
HEAD: Final = ("", "measured", "floor", "share", "budget", "")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """`share` is the figure as a part of its floor; `kept` is whether the budget is."""

    what: str
    figure: str
    floor: str = ""
    share: float | None = None
    budget: str = ""
    kept: bool | None = None

    @property
    def line(self) -> str:
        share = "" if self.share is None else f"{self.share:.0%}"
        kept = {None: "", True: "kept", False: "MISSED"}[self.kept]
        return line(self.what, self.figure, self.floor, share, self.budget, kept)


def line(*cells: str) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return f"{first[0]:{first[1]}}" + "".join(f"{cell:>{width}}" for cell, width in others)


def floor(what: str, measured: Measured) -> Row:
    return Row(what=f"floor: {what}", figure=_per_s(measured.rate))


def rate(
    what: str,
    measured: Measured,
    bare: Measured,
    *,
    at_least: float | None = None,
    share: float | None = None,
) -> Row:
    """How many a second, and the least of them, or the least part of the floor, by the design."""
    reached = measured.rate / bare.rate
    budget, kept = "", None
    if at_least is not None:
        budget, kept = f">= {at_least:,.0f}/s", measured.rate >= at_least
    elif share is not None:
        budget, kept = f">= {share:.0%} of it", reached >= share
    return Row(
        what=what,
        figure=_per_s(measured.rate),
        floor=_per_s(bare.rate),
        share=reached,
        budget=budget,
        kept=kept,
    )


def cost(measured: Measured, bare: Measured) -> Row:
    """The CPU of one, whatever else keeps the machine busy."""
    return Row(
        what="  CPU of one, in all processes",
        figure=f"{measured.cpu_s * 1000:.2f} ms",
        floor=f"{bare.cpu_s * 1000:.2f} ms",
        share=measured.cpu_s / bare.cpu_s,
    )


def times(what: str, measured: Measured, bare: Measured | None = None, *, p99_ms: float) -> Row:
    p50, p99 = measured.percentile_ms(50), measured.percentile_ms(99)
    return Row(
        what=what,
        figure=f"p50 {p50:.1f}, p99 {p99:.1f} ms",
        floor=f"p99 {bare.percentile_ms(99):.1f} ms" if bare else "",
        budget=f"p99 <= {p99_ms:g} ms",
        kept=p99 <= p99_ms,
    )


def late(what: str, seconds: float, *, at_most_s: float = 1.0) -> Row:
    return Row(
        what=what,
        figure=f"{seconds:.2f} s",
        budget=f"<= {at_most_s:g} s",
        kept=seconds <= at_most_s,
    )


def _per_s(number: float) -> str:
    return f"{number:,.0f}/s"
