"""Times as ISO 8601 writes them, always with their zone."""

import datetime
import re

__all__ = ["format", "validate", "parse", "add_utc_tz"]

_UTC = datetime.timezone.utc
_FORM = re.compile(
    r"^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?\d*\s*(Z|[+-]\d{2}(?::?\d{2})?)?$"
)


def add_utc_tz(dt):
    """The same time, in UTC if it had no zone."""
    return dt.replace(tzinfo=_UTC) if dt.tzinfo is None else dt


def validate(value, raise_exception=True):
    """Whether `value` is a time or the text of one."""
    if isinstance(value, datetime.datetime) or (isinstance(value, str) and _FORM.match(value.strip())):
        return True
    if raise_exception:
        raise ValueError("Invalid ISO 8601 time: %r" % (value,))
    return False


def parse(value):
    """The time that a text names; without a zone it is in UTC."""
    validate(value)
    if isinstance(value, datetime.datetime):
        return add_utc_tz(value)
    parts = _FORM.match(value.strip()).groups()
    zone = _UTC
    if parts[7] and parts[7] != "Z":
        digits = parts[7][1:].replace(":", "").ljust(4, "0")
        span = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        zone = datetime.timezone(-span if parts[7][0] == "-" else span)
    micros = int((parts[6] or "0").ljust(6, "0"))
    return datetime.datetime(*[int(part) for part in parts[:6]], micros, tzinfo=zone)


def format(dt, usec=True, offset=True):
    """A time as text: `2026-11-21T08:40:00.000000+00:00`; without `offset` with a `Z` for UTC."""
    if isinstance(dt, (int, float)):
        dt = datetime.datetime.fromtimestamp(dt, _UTC)
    dt = parse(dt)
    text = dt.strftime("%Y-%m-%dT%H:%M:%S.%f" if usec else "%Y-%m-%dT%H:%M:%S")
    shift = dt.strftime("%z")
    if offset:
        return text + shift[:3] + ":" + shift[3:5]
    return text + ("Z" if dt.utcoffset() == datetime.timedelta(0) else "")
