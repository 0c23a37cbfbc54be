"""Fills the answers: for everybody what was published, for officers the work at it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from smartcity.alerts.deliveries.model import Delivery
from smartcity.alerts.lifecycle import needs_second_person
from smartcity.alerts.model import Alert, Content, Draft, Message
from smartcity.alerts.preview import Preview
from smartcity.alerts.shapes import (
    AlertStepView,
    AlertSummary,
    AlertUnit,
    AlertView,
    AreaView,
    DeliveryView,
    DraftView,
    MessageView,
    OfficerView,
    PersonView,
    PreviewView,
    UnitReachedView,
)
from smartcity.alerts.wording import description, headline, instruction, place, words_of
from smartcity.city.model import City

Names = Mapping[UUID, str]
"""What staff are called."""

PATH: Final = "/v1/alerts"

Given = TypeVar("Given")


class AlertViews:
    def __init__(self, city: City) -> None:
        self._city = city

    # --- for everybody ---------------------------------------------------------------------------

    def public(self, alert: Alert, language: str, at: datetime) -> AlertView:
        """What was published last."""
        message = alert.messages[-1]
        spoken, words = words_of(self._city, message, language)
        return AlertView(
            **self._content(message.content, language),
            id=alert.id,
            version=alert.version,
            status=alert.status,
            active=alert.is_active(at),
            message=message.id,
            kind=message.kind,
            language=spoken,
            event=words.event,
            headline=headline(self._city, message, language),
            description=description(self._city, message, language),
            instruction=instruction(self._city, message, language) or UNSET,
            issued_at=alert.messages[0].sent,
            sent=message.sent,
            ended_at=_or_unset(alert.ended_at),
            cap=f"{PATH}/{alert.id}.cap.xml",
        )

    # --- for officers ----------------------------------------------------------------------------

    def full(
        self,
        alert: Alert,
        language: str,
        at: datetime,
        names: Names,
        deliveries: Sequence[Delivery],
    ) -> OfficerView:
        return OfficerView(
            id=alert.id,
            version=alert.version,
            status=alert.status,
            active=alert.is_active(at),
            draft=self._draft(alert.draft, alert, language, names) if alert.draft else UNSET,
            messages=[self._message(message, language) for message in alert.messages],
            timeline=[
                AlertStepView(
                    at=entry.at,
                    action=entry.action,
                    by=_person(entry.by, names),
                    status=entry.status,
                    version=entry.version,
                    message=_or_unset(entry.message),
                )
                for entry in alert.timeline
            ],
            deliveries=[_delivery(delivery) for delivery in deliveries],
            created_at=alert.created_at,
            updated_at=alert.updated_at,
            expires_at=_or_unset(alert.expires_at),
            ended_at=_or_unset(alert.ended_at),
        )

    def summary(self, alert: Alert, language: str, at: datetime) -> AlertSummary:
        content, draft = alert.content, alert.draft
        words = content.texts.get(language) or next(iter(content.texts.values()))
        return AlertSummary(
            id=alert.id,
            version=alert.version,
            status=alert.status,
            active=alert.is_active(at),
            severity=content.severity,
            urgency=content.urgency,
            event=words.event,
            headline=words.headline,
            area=place(self._city, content, language),
            draft=draft is not None,
            confirmed=draft is not None and draft.confirmed_by is not None,
            expires=content.expires,
            updated_at=alert.updated_at,
        )

    def preview(self, alert: Alert, preview: Preview, language: str, at: datetime) -> PreviewView:
        reach = preview.content.reach
        return PreviewView(
            version=alert.version,
            mode=preview.mode,
            devices=preview.devices,
            everywhere=reach.everywhere,
            approximate=reach.approximate,
            units=[
                UnitReachedView(
                    **self._named(unit.code, language),
                    devices=unit.devices,
                    population=_or_unset(unit.population),
                )
                for unit in preview.units
            ],
            no_longer=[AlertUnit(**self._named(code, language)) for code in preview.no_longer],
            residents=_or_unset(preview.residents),
            not_reached=_or_unset(preview.not_reached),
            second_person=preview.second_person,
            confirmed=preview.confirmed_by is not None,
            others=[self.summary(other, language, at) for other in preview.others],
        )

    def _draft(self, draft: Draft, alert: Alert, language: str, names: Names) -> DraftView:
        by = _person(draft.by, names)
        assert by is not UNSET, "somebody wrote it"
        return DraftView(
            **self._content(draft.content, language),
            texts=draft.content.texts,
            by=by,
            at=draft.at,
            second_person=needs_second_person(draft.content, alert, self._city.alerts),
            confirmed_by=_person(draft.confirmed_by, names),
            confirmed_at=_or_unset(draft.confirmed_at),
        )

    def _message(self, message: Message, language: str) -> MessageView:
        return MessageView(
            **self._content(message.content, language),
            texts=message.content.texts,
            id=message.id,
            kind=message.kind,
            sent=message.sent,
            note=message.note,
        )

    # --- their parts -----------------------------------------------------------------------------

    def _content(self, content: Content, language: str) -> dict[str, Any]:
        """The fields of a `ContentView`."""
        return {
            "category": content.category,
            "severity": content.severity,
            "urgency": content.urgency,
            "certainty": content.certainty,
            "response": _or_unset(content.response),
            "area": self._area(content, language),
            "effective": _or_unset(content.effective),
            "onset": _or_unset(content.onset),
            "expires": content.expires,
        }

    def _area(self, content: Content, language: str) -> AreaView:
        area, reach = content.area, content.reach
        return AreaView(
            description=place(self._city, content, language),
            everywhere=reach.everywhere,
            units=[AlertUnit(**self._named(code, language)) for code in reach.units],
            polygon=UNSET if area.polygon is None else list(area.polygon),
            circle=_or_unset(area.circle),
            approximate=reach.approximate,
        )

    def _named(self, code: str, language: str) -> dict[str, str]:
        unit = self._city.units.get(code)
        return {"code": code, "name": unit.name[language] if unit else code}


def people_in(alert: Alert) -> set[UUID]:
    """Those whose names an officer reads."""
    drafted = {alert.draft.by, alert.draft.confirmed_by} if alert.draft else set[UUID | None]()
    named = drafted | {entry.by for entry in alert.timeline}
    return {person for person in named if person is not None}


def _person(person: UUID | None, names: Names) -> PersonView | UnsetType:
    return UNSET if person is None else PersonView(id=person, name=names.get(person, UNSET))


def _delivery(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        message=delivery.id,
        mode=delivery.mode,
        state=delivery.state,
        reason=delivery.reason,
        sent=delivery.progress.sent,
        failed=delivery.progress.failed,
        updated_at=delivery.updated_at,
    )


def _or_unset(value: Given | None) -> Given | UnsetType:
    return UNSET if value is None else value
