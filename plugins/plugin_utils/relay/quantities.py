# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Texts without case, timespans and sizes: values that are equal by what they mean. PRIVATE to the collection.

Every reader raises ValueError with the rest of a sentence that starts with the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNLIMITED = "unlimited"
"""The canonical form of no limit; a number never equals it."""

TICKS_PER_SECOND = 10_000_000
_TIMESPAN = re.compile(
    r"(?:(?P<days>[0-9]{1,8})\.)?(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{1,2})(?::(?P<seconds>[0-9]{1,2})"
    r"(?:\.(?P<fraction>[0-9]{1,7}))?)?",
    re.ASCII,
)
_SIZE = re.compile(r"(?P<number>[0-9]{1,40})\s*(?P<unit>B|KB|MB|GB|TB)?", re.ASCII | re.IGNORECASE)
# "36 MB (37,748,736 bytes)" in any culture: whatever separates groups of digits (Hindi has groups of two, the last is
# always of three), and the words of any language. That the server's culture is used at all is unverified.
_EXCHANGE_SIZE = re.compile(
    r"[^()]*\(\s*(?P<digits>[0-9]+|[0-9]{1,3}(?:[.,'\u2019\u066c\s][0-9]{2,3})*[.,'\u2019\u066c\s][0-9]{3})"
    r"(?:\s+[^\W\d_]+\.?)?\s*\)"
)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,40}", re.ASCII)
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
# Units of an Exchange in French (unverified: no source shows one), only read where Exchange gives no number of bytes.
_LOCAL_UNITS = {"O": "B", "KO": "KB", "MO": "MB", "GO": "GB", "TO": "TB"}
_LOCAL_SIZE = re.compile(r"(?P<number>[0-9]+)\s*(?P<unit>O|KO|MO|GO|TO)", re.ASCII | re.IGNORECASE)


class Caseless(str):
    """A text that Exchange compares without regard to case; it keeps the case it was written in."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.casefold() == other.casefold()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.casefold())


@dataclass(frozen=True, order=True)
class Timespan:
    """A duration in .NET's ticks of 100 nanoseconds."""

    ticks: int

    @classmethod
    def of_seconds(cls, seconds: int) -> Timespan:
        """The duration of whole seconds."""
        return cls(seconds * TICKS_PER_SECOND)

    @classmethod
    def read(cls, text: str) -> Timespan:
        """A duration written as hh:mm, hh:mm:ss or d.hh:mm:ss, with an optional fraction of the seconds.

        Raises:
            ValueError: with the rest of a sentence that starts with the text.
        """
        match = _TIMESPAN.fullmatch(text.strip())
        if match is None:
            if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text.strip(), re.ASCII):
                raise ValueError(
                    "is a bare number, which Exchange would take for days; write hh:mm:ss in quotes, such as '00:30:00'"
                )
            raise ValueError("is not a duration; write hh:mm:ss in quotes, such as '00:30:00'")
        days, hours, minutes, seconds = (int(match[name] or 0) for name in ("days", "hours", "minutes", "seconds"))
        if hours > 23 or minutes > 59 or seconds > 59:
            raise ValueError("has more than 23 hours, 59 minutes or 59 seconds; a day is written '1.00:00:00'")
        fraction = int((match["fraction"] or "").ljust(7, "0"))
        return cls((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND + fraction)

    def __str__(self) -> str:
        seconds, fraction = divmod(self.ticks, TICKS_PER_SECOND)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        text = f"{hours:02}:{minutes:02}:{seconds:02}"
        if days:
            text = f"{days}.{text}"
        return f"{text}.{fraction:07}" if fraction else text


@dataclass(frozen=True, eq=False)
class Size:
    """A number of bytes.

    Exchange may round a size that is no whole number of KB to one (Microsoft: up, for small values; unverified for
    others). So such a size equals the whole KB next to it on either side; any two other sizes that differ are two.
    Being equal is therefore not transitive, and a size has no hash.
    """

    bytes: int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Size):
            return NotImplemented
        if self.bytes == other.bytes:
            return True
        only_one_is_whole = (self.bytes % 1024 == 0) != (other.bytes % 1024 == 0)
        return only_one_is_whole and abs(self.bytes - other.bytes) < 1024

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Size) -> bool:
        return self.bytes < other.bytes

    @classmethod
    def of_bytes(cls, number: int) -> Size:
        """The size of so many bytes."""
        return cls(number)

    @classmethod
    def read(cls, text: str) -> Size:
        """A size as a user writes it: a number of bytes, or a whole number with B, KB, MB, GB or TB.

        Raises:
            ValueError: with the rest of a sentence that starts with the text.
        """
        match = _SIZE.fullmatch(text.strip())
        if match is None:
            raise ValueError("is not a size; write a whole number with KB, MB or GB, such as 36MB")
        return cls.of_bytes(int(match["number"]) * _UNITS[(match["unit"] or "B").upper()])

    @classmethod
    def read_exchange(cls, text: str) -> Size:
        """A size as Exchange shows it: ``36 MB (37,748,736 bytes)``, whatever separates the thousands.

        Raises:
            ValueError: there are no parentheses with one whole number in them, and it is no size as a user writes it.
        """
        match = _EXCHANGE_SIZE.fullmatch(text.strip())
        if match:
            return cls.of_bytes(int("".join(sign for sign in match["digits"] if sign.isdecimal())))
        local = _LOCAL_SIZE.fullmatch(text.strip())
        return cls.read(f"{local['number']}{_LOCAL_UNITS[local['unit'].upper()]}" if local else text)

    def __str__(self) -> str:
        for unit in ("GB", "MB", "KB"):
            if self.bytes and self.bytes % _UNITS[unit] == 0:
                return f"{self.bytes // _UNITS[unit]}{unit}"
        return f"{self.bytes}B"


def whole_number(raw: object) -> int:
    """A number that is not negative, or its digits."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        # A plain one: Ansible marks numbers that come out of templates, and no session can send its kind of number.
        return int(raw)
    if isinstance(raw, str) and _WHOLE_NUMBER.fullmatch(raw.strip()):
        return int(raw.strip())
    raise ValueError("is not a whole number")


def find_word(choices: tuple[str, ...], entry: str) -> str:
    """The choice that a word means, without regard to case; snake_case is understood too."""
    wanted = entry.strip().replace("_", "").casefold()
    for choice in choices:
        if choice.casefold() == wanted:
            return choice
    raise ValueError(f"is not one of {', '.join(choices)}")
