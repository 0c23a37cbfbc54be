"""What officials answer with: reasons for a refusal, and templates of what they write."""

from enum import StrEnum

from smartcity.city.values import Coded, Struct, Texts


class Answer(StrEnum):
    """The actions whose text a citizen reads, which is what templates are for."""

    ASK = "ask"
    TRANSFER = "transfer"
    CORRECT = "correct"
    EXTEND = "extend"
    RESOLVE = "resolve"
    REJECT = "reject"
    COMMENT = "comment"


class Fitting(Coded, frozen=True, kw_only=True):
    """What fits some reports only. Empty conditions hold always."""

    categories: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()

    def fits(self, category: str, field: str, status: str | None = None) -> bool:
        """Whether it fits a report of a category and its field; in any status if none is given."""
        return (
            (not self.categories or category in self.categories)
            and (not self.fields or field in self.fields)
            and (not self.statuses or status is None or status in self.statuses)
        )


class Reason(Fitting, frozen=True, kw_only=True):
    """Why a report can be rejected; `text` tells the citizen where to go instead.

    A `formal` one is for what is no report but a complaint or a denunciation before the law: it may
    also be found out while the report is worked on, its text says all, nobody but the parties sees
    the report any more, and only a supervisor can take it back.
    """

    name: Texts
    text: Texts
    formal: bool = False


class Template(Fitting, frozen=True, kw_only=True):
    """A text for an action, to be filled in and then edited by whoever answers."""

    name: Texts
    action: Answer
    text: Texts


class Filling(Struct, frozen=True, kw_only=True):
    """What a template's placeholders are filled with; none shows as “…” and waits for a person."""

    code: str
    category: str
    agency: str
    unit: str | None
    address: str | None
    due: str
