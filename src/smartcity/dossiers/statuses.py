"""The national status codes of dossiers, and what each means for the clock.

Two systems agree on 1 to 10. Other codes occur: they are kept as they came, shown as unknown, and
neither start nor stop anything.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final


class Status(IntEnum):
    REGISTERED = 1  # Mới đăng ký
    ACCEPTED = 2  # Được tiếp nhận
    NOT_ACCEPTED = 3  # Không được tiếp nhận
    IN_PROGRESS = 4  # Đang xử lý
    SUPPLEMENT_ASKED = 5  # Yêu cầu bổ sung giấy tờ
    FEE_ASKED = 6  # Yêu cầu thực hiện nghĩa vụ tài chính
    WITHDRAWN = 7  # Công dân yêu cầu rút hồ sơ
    STOPPED = 8  # Dừng xử lý
    DONE = 9  # Đã xử lý xong
    RETURNED = 10  # Đã trả kết quả
    REFUSED = 11  # Bị từ chối: one adapter's own code


class Stage(StrEnum):
    """How far a status is from the end."""

    OPEN = "open"
    FINISHED = "finished"  # the result waits to be collected
    FINAL = "final"  # nothing more happens
    UNKNOWN = "unknown"


STAGES: Final[Mapping[int, Stage]] = {
    Status.REGISTERED: Stage.OPEN,
    Status.ACCEPTED: Stage.OPEN,
    Status.NOT_ACCEPTED: Stage.FINAL,
    Status.IN_PROGRESS: Stage.OPEN,
    Status.SUPPLEMENT_ASKED: Stage.OPEN,
    Status.FEE_ASKED: Stage.OPEN,
    Status.WITHDRAWN: Stage.FINAL,
    Status.STOPPED: Stage.FINAL,
    Status.DONE: Stage.FINISHED,
    Status.RETURNED: Stage.FINAL,
    Status.REFUSED: Stage.FINAL,
}


def stage(status: int) -> Stage:
    return STAGES.get(status, Stage.UNKNOWN)


def message_key(status: int) -> str:
    """The key of a status's text in the city's messages."""
    return f"dossier_status.{status if status in STAGES else 'unknown'}"
