"""Counts of what the log in MongoDB tells."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from smartcity.feed.event import Topic
from smartcity.storage.mongo import Database


class FeedCounts:
    def __init__(self, database: Database) -> None:
        self._feed = database["feed"]

    async def by_unit(
        self, actions: Sequence[str], since: datetime, until: datetime
    ) -> dict[str, dict[str, int]]:
        """In each unit, with how many reports each of these actions was publicly taken between two
        moments. It reads what was published between them.
        """
        cursor = await self._feed.aggregate(
            [
                {
                    "$match": {
                        "published_at": {"$gte": since, "$lt": until},
                        "event.topic": Topic.REPORT.value,
                        "event.action": {"$in": list(actions)},
                        "event.public.unit": {"$exists": True},
                    }
                },
                {
                    "$group": {
                        "_id": {
                            "unit": "$event.public.unit",
                            "action": "$event.action",
                            "report": "$event.subject",
                        }
                    }
                },
                {
                    "$group": {
                        "_id": {"unit": "$_id.unit", "action": "$_id.action"},
                        "reports": {"$sum": 1},
                    }
                },
            ]
        )
        counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        async for group in cursor:
            counts[group["_id"]["unit"]][group["_id"]["action"]] = group["reports"]
        return dict(counts)
