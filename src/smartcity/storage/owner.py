"""Whose data a database holds: one city's, from the first start on.

Two cities in one database would read each other's codes: a pothole of the one is a category of the
other, and no report lies inside the other's boundaries.
"""

from typing import Any, Final

from pymongo import ReturnDocument

from smartcity.storage.mongo import Database

COLLECTION: Final = "owner"
ID: Final = "city"


async def claim(database: Database, code: str) -> str:
    """Whose the database is: `code`'s now, unless somebody had it before."""
    document: Any = await database[COLLECTION].find_one_and_update(
        {"_id": ID},
        {"$setOnInsert": {"code": code}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return document["code"]


async def owner_of(database: Database) -> str | None:
    """Whose the database is, if anybody's."""
    document = await database[COLLECTION].find_one({"_id": ID})
    return document["code"] if document else None
