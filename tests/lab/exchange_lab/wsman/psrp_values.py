# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a client sent as a parameter value, as plain Python: the backend knows no PSRP types."""

from __future__ import annotations

import base64
import datetime
import queue
from decimal import Decimal
from typing import Any

from psrpcore.types import PSChar, PSObject, PSSecureString
from psrpcore.types._enum import PSEnumBase


def plain(value: Any) -> object:
    """Return str, int, float, bool, None, list or dict of these.

    Dates are ISO 8601, times spans and versions .NET's text; an object of another kind is its ToString, else its
    properties. A secure string stays closed: its .NET type name.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, PSSecureString):
        return "System.Security.SecureString"
    if isinstance(value, PSChar):
        return chr(value)
    if isinstance(value, PSEnumBase):
        return value.name
    scalar = _scalar(value)
    return scalar if scalar is not None else _compound(value)


def _scalar(value: Any) -> object:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float | Decimal):
        return float(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return time_span(value)
    return None


def _compound(value: Any) -> object:
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, queue.Queue):
        return [plain(item) for item in list(value.queue)]
    if isinstance(value, PSObject):
        text = value.PSObject.to_string
        if text is not None:
            return str(text)
        properties = (*value.PSObject.adapted_properties, *value.PSObject.extended_properties)
        return {item.name: plain(item.get_value(value)) for item in properties}
    return str(value)


def time_span(value: datetime.timedelta) -> str:
    """Return a time span as .NET writes it: [-][d.]hh:mm:ss[.fffffff]."""
    sign = "-" if value < datetime.timedelta(0) else ""
    value = abs(value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds * 10:07d}" if value.microseconds else ""
    return f"{sign}{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"
