"""Times as venues write them, to nanoseconds."""

from __future__ import annotations

import re
from datetime import date

_EPOCH = date(1970, 1, 1).toordinal()
_I64_END = 1 << 63

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)


def rfc3339_ns(text: str) -> int | None:
    """Returns nanoseconds since 1970 of a UTC time, `None` if it isn't one or doesn't fit.

    `YYYY-MM-DDTHH:MM:SS`, optionally a dot and one to nine digits, `Z`. A leap second counts as the one after it.

    >>> rfc3339_ns("2026-11-21T12:00:00.000001Z"), rfc3339_ns("2026-02-29T00:00:00Z")
    (1795262400000001000, None)
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    if year < 1970 or hour > 23 or minute > 59 or second > 60:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    found = seconds * 1_000_000_000 + int((match[7] or "0").ljust(9, "0"))
    return found if found < _I64_END else None
