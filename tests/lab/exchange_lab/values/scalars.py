# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Timespans, sizes and Unlimited numbers (receive-connector.md parts 3 and 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exchange_lab.clixml import Complex, Long, Value

TICKS_PER_SECOND = 10_000_000

_TIMESPAN_TYPES = ("Microsoft.Exchange.Data.EnhancedTimeSpan", "System.ValueType", "System.Object")
_SIZE_TYPES = ("Microsoft.Exchange.Data.ByteQuantifiedSize", "System.ValueType", "System.Object")
_UNLIMITED_TYPES = (
    "Microsoft.Exchange.Data.Unlimited`1[[System.Int32, mscorlib, Version=4.0.0.0, Culture=neutral, "
    "PublicKeyToken=b77a5c561934e089]]",
    "System.ValueType",
    "System.Object",
)

_TIMESPAN = re.compile(
    r"(?P<sign>-)?(?:(?P<days>[0-9]+)\.)?(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{1,2})"
    r"(?::(?P<seconds>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,7}))?)?"
)


@dataclass(frozen=True, order=True)
class TimeSpan:
    """An EnhancedTimeSpan, kept in ticks of 100 nanoseconds."""

    ticks: int

    @property
    def seconds(self) -> float:
        return self.ticks / TICKS_PER_SECOND

    def __str__(self) -> str:
        whole, fraction = divmod(abs(self.ticks), TICKS_PER_SECOND)
        days, rest = divmod(whole, 86400)
        text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
        if days:
            text = f"{days}.{text}"
        if fraction:
            text += f".{fraction:07}"
        return "-" + text if self.ticks < 0 else text

    def rendered(self) -> Complex:
        seconds, fraction = divmod(self.ticks, TICKS_PER_SECOND)
        properties: list[tuple[str, Value]] = [
            ("Days", seconds // 86400),
            ("Hours", seconds // 3600 % 24),
            ("Milliseconds", fraction // 10_000),
            ("Minutes", seconds // 60 % 60),
            ("Seconds", seconds % 60),
            ("Ticks", Long(self.ticks)),
            ("TotalDays", self.ticks / (TICKS_PER_SECOND * 86400)),
            ("TotalHours", self.ticks / (TICKS_PER_SECOND * 3600)),
            ("TotalMilliseconds", self.ticks / 10_000),
            ("TotalMinutes", self.ticks / (TICKS_PER_SECOND * 60)),
            ("TotalSeconds", self.ticks / TICKS_PER_SECOND),
            ("Sign", (self.ticks > 0) - (self.ticks < 0)),
        ]
        return Complex(_TIMESPAN_TYPES, str(self), properties)


def timespan(text: str) -> TimeSpan:
    """Read .NET's forms: [-][d.]hh:mm[:ss[.fffffff]], or a bare number, which means days. Raise ValueError."""
    entered = text.strip()
    if re.fullmatch(r"-?[0-9]+", entered):
        return TimeSpan(int(entered) * 86400 * TICKS_PER_SECOND)
    match = _TIMESPAN.fullmatch(entered)
    if match is None:
        raise ValueError(f"{text!r} is no time span")
    hours, minutes, seconds = (int(match[part] or 0) for part in ("hours", "minutes", "seconds"))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{text!r} has a part that is out of range")
    whole = int(match["days"] or 0) * 86400 + hours * 3600 + minutes * 60 + seconds
    ticks = whole * TICKS_PER_SECOND + int((match["fraction"] or "").ljust(7, "0"))
    return TimeSpan(-ticks if match["sign"] else ticks)


_UNITS = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_SIZE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>B|KB|MB|GB|TB)?", re.IGNORECASE)
# Thousands and decimal separators of .NET Framework's cultures; French groups digits with a no-break space.
_SEPARATORS = {"en": (",", "."), "de": (".", ","), "fr": ("\u00a0", ",")}
_KILOBYTE = 1024
_RENDERED_SIZE = re.compile(r"[0-9.]+ [KMGT]?B \((?P<bytes>[0-9,]+) bytes\)")


@dataclass(frozen=True, order=True)
class Size:
    """A ByteQuantifiedSize in bytes."""

    octets: int

    def __str__(self) -> str:
        return self.text_in("en")

    def text_in(self, culture: str) -> str:
        """The text with the separators of a culture; that Exchange follows the server's culture is unverified."""
        thousands, decimal = _SEPARATORS[culture]
        unit, factor = next((u, f) for u, f in reversed(_UNITS.items()) if self.octets >= f or f == 1)
        number = f"{self.octets / factor:.4g}".replace(".", decimal)
        return f"{number} {unit} ({f'{self.octets:,}'.replace(',', thousands)} bytes)"

    def rounded_up(self) -> Size:
        """The next whole number of kilobytes."""
        return Size(-(-self.octets // _KILOBYTE) * _KILOBYTE)

    def rendered(self, culture: str = "en") -> Complex:
        return Complex(_SIZE_TYPES, self.text_in(culture))


def size(text: str) -> Size:
    """Read a number with or without B, KB, MB, GB or TB (1024-based; without: bytes), or a rendered size.

    Raises ValueError. What Exchange may round up to a kilobyte is rounded where it is stored (switch small_sizes).
    """
    entered = text.strip()
    if (rendered := _RENDERED_SIZE.fullmatch(entered)) is not None:
        return Size(int(rendered["bytes"].replace(",", "")))
    match = _SIZE.fullmatch(entered)
    if match is None:
        raise ValueError(f"{text!r} is no size")
    return Size(int(float(match["number"]) * _UNITS[(match["unit"] or "B").upper()]))


@dataclass(frozen=True)
class Unlimited:
    """An Unlimited<Int32>: a number, or no limit."""

    value: int | None

    def __str__(self) -> str:
        return "Unlimited" if self.value is None else str(self.value)

    def rendered(self) -> Complex:
        properties: list[tuple[str, Value]] = [("IsUnlimited", self.value is None)]
        if self.value is not None:
            properties.append(("Value", self.value))
        return Complex(_UNLIMITED_TYPES, str(self), properties)


@dataclass(frozen=True)
class UnlimitedUInt32:
    """An Unlimited<UInt32>: a number from 0 to 4294967295, or no limit."""

    value: int | None

    def __str__(self) -> str:
        return "Unlimited" if self.value is None else str(self.value)

    def rendered(self) -> Complex:
        properties: list[tuple[str, Value]] = [("IsUnlimited", self.value is None)]
        if self.value is not None:
            properties.append(("Value", Long(self.value)))
        types = (_UNLIMITED_TYPES[0].replace("Int32", "UInt32"), *_UNLIMITED_TYPES[1:])
        return Complex(types, str(self), properties)


def unlimited_unsigned(text: str) -> UnlimitedUInt32:
    """Read `unlimited` in any case or a whole number; raise ValueError."""
    return UnlimitedUInt32(None) if text.strip().lower() == "unlimited" else unsigned_number(text)


def unsigned_number(text: str) -> UnlimitedUInt32:
    """Read a UInt32; raise ValueError."""
    if not re.fullmatch(r"[0-9]+", text.strip()) or int(text) >= 2**32:
        raise ValueError(f"{text!r} is no whole number from 0 to 4294967295")
    return UnlimitedUInt32(int(text))


def unlimited(text: str) -> Unlimited:
    """Read `unlimited` in any case or a whole number; raise ValueError."""
    entered = text.strip()
    if entered.lower() == "unlimited":
        return Unlimited(None)
    return Unlimited(whole_number(entered))


def whole_number(text: str) -> int:
    """Read an Int32; raise ValueError."""
    if not re.fullmatch(r"-?[0-9]+", text.strip()):
        raise ValueError(f"{text!r} is no whole number")
    number = int(text)
    if not -(2**31) <= number < 2**31:
        raise ValueError(f"{text!r} is too large or too small for an Int32")
    return number
