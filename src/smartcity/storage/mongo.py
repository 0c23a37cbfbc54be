"""The connection to MongoDB, and how our structs become its documents.

Only this package and the `store.py` modules know MongoDB.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from bson.binary import Binary, UuidRepresentation
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

type_of = TypeVar("type_of")

Document = dict[str, Any]
Database = AsyncDatabase[Document]
Collection = AsyncCollection[Document]
Client = AsyncMongoClient[Document]

APP: Final = "smartcity"
"""What the server knows our connections by."""

DatabaseError = PyMongoError
"""Whatever the driver says no with."""

UNREACHABLE: Final = (ConnectionFailure, ExecutionTimeout, WTimeoutError)
"""The database is away, or too slow: nothing is wrong with what was asked, so ask again later."""

DUPLICATE_KEY: Final = 11000
"""The server's code for a document that a unique index knows already."""

DURABLE: Final = WriteConcern("majority", j=True)
"""What an answer of 201 rests on: the write survives the death of the primary."""


def connect(uri: str, name: str, *, timeout_s: float, pool: int) -> tuple[Client, Database]:
    """Open a client (it connects at the first use) and our database in it.

    Times are UTC and aware, ids are RFC 9562 UUIDs, every write is durable, reads see what a
    majority has, and no operation waits longer than `timeout_s`.
    """
    client: Client = AsyncMongoClient(
        uri,
        tz_aware=True,
        uuidRepresentation="standard",
        timeoutMS=int(timeout_s * 1000),
        serverSelectionTimeoutMS=int(timeout_s * 1000),
        maxPoolSize=pool,
        appname=APP,
    )
    return client, client.get_database(
        name, write_concern=DURABLE, read_concern=ReadConcern("majority")
    )


def with_raw_ids(collection: Collection) -> Collection:
    """The same collection, for reading very many: of the bytes of an id, `from_document` makes one
    in less than half of the time that the driver takes. It must be asked with `raw_id`s.
    """
    raw = collection.codec_options.with_options(uuid_representation=UuidRepresentation.UNSPECIFIED)
    return collection.with_options(codec_options=raw)


raw_id: Final = Binary.from_uuid
"""An id, as a collection `with_raw_ids` is asked for it."""


def members_of(uri: str) -> list[str]:
    """The servers that an address names, without the name and password it may hold."""
    return [f"{host}:{port}" for host, port in parse_uri(uri)["nodelist"]]


def to_document(value: msgspec.Struct) -> Document:
    """A struct as MongoDB keeps it: times, ids and bytes in its own types."""
    return msgspec.to_builtins(value, builtin_types=(datetime, UUID, bytes), str_keys=True)


def from_document(document: Mapping[str, Any], kind: type[type_of]) -> type_of:
    """A document as our struct."""
    return msgspec.convert(document, kind)


def if_found(document: Mapping[str, Any] | None, kind: type[type_of]) -> type_of | None:
    """What a look-up found as our struct, if it found anything."""
    return None if document is None else from_document(document, kind)


def are_duplicates(error: BulkWriteError) -> bool:
    """Whether a bulk write failed for nothing but documents that are there already."""
    details = error.details
    known = all(failure["code"] == DUPLICATE_KEY for failure in details["writeErrors"])
    return known and not details["writeConcernErrors"]
