# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the limits, protected addresses and acceptances that a plan is judged by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from ansible_collections.mailrelay.exchange.plugins.module_utils._findings import BY_ID

from .declaration import mapping, near_match, only_keys, text
from .errors import InputError
from .model import ExchangeServerAddresses
from .ranges import IPRange, parse_ranges, shown

DEFAULT_MAX_ADDRESSES = 65536
DEFAULT_REMOVED_COUNT = 5
DEFAULT_REMOVED_PERCENT = 2.0
DEFAULT_ADDED_ADDRESSES = 256
SHARED = "shared"
Expired = Literal["report", "remove"]

_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?", re.ASCII)
_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Safety:
    """Limits on what may be declared, and on how much one run may change (relay_safety).

    max_addresses: the largest range, in addresses.
    removed_count, removed_percent: how many sources a service may lose in one run; the smaller of the two holds, and
    one may always go.
    added_addresses: how many addresses a service may gain in one run.
    expired: what becomes of sources whose last day is over.
    limits_removed, limits_added: whether somebody named these limits, so that they hold where nothing but a
    connector is declared too.
    """

    max_addresses: int = DEFAULT_MAX_ADDRESSES
    removed_count: int = DEFAULT_REMOVED_COUNT
    removed_percent: float = DEFAULT_REMOVED_PERCENT
    added_addresses: int = DEFAULT_ADDED_ADDRESSES
    expired: Expired = "report"
    limits_removed: bool = False
    limits_added: bool = False

    def may_lose(self, sources: int) -> int:
        """How many of so many sources may go in one run."""
        return max(1, min(self.removed_count, int(sources * self.removed_percent / 100)))


@dataclass(frozen=True)
class ProtectedAddresses:
    """Addresses that no source may hold (relay_protected_addresses), by the name of their group.

    Group "shared" holds addresses behind which many clients hide; sources may hold those, with a warning.
    """

    groups: tuple[tuple[str, tuple[IPRange, ...]], ...] = ()


@dataclass(frozen=True)
class Policy:
    """What a plan is judged by.

    exchange_addresses: addresses of all Exchange servers, beside those that the server's state has.
    accepted: finding id -> reason, for the whole call.
    absent_is_created: plan for a missing connector as if it had just been created; for check mode, where the task
    that creates it has not run.
    """

    safety: Safety = field(default_factory=Safety)
    protected: ProtectedAddresses = field(default_factory=ProtectedAddresses)
    exchange_addresses: tuple[ExchangeServerAddresses, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=lambda: _NO_REASONS)
    absent_is_created: bool = False


def parse_safety(raw: object) -> Safety:
    """relay_safety as declared (None: the defaults). Raises InputError."""
    if raw is None:
        return Safety()
    limits = mapping(raw, "safety", f"{{max_addresses: {DEFAULT_MAX_ADDRESSES}}}")
    only_keys(limits, ("max_addresses", "max_removed", "max_added_addresses", "expired"), "safety")
    addresses = _number(limits.get("max_addresses"), 1, "safety.max_addresses")
    added = _number(limits.get("max_added_addresses"), 0, "safety.max_added_addresses")
    removed = limits.get("max_removed")
    count, percent = (None, None) if removed is None else _max_removed(removed)
    return Safety(
        DEFAULT_MAX_ADDRESSES if addresses is None else addresses,
        DEFAULT_REMOVED_COUNT if count is None else count,
        DEFAULT_REMOVED_PERCENT if percent is None else percent,
        DEFAULT_ADDED_ADDRESSES if added is None else added,
        _expired(limits.get("expired")),
        limits_removed=removed is not None,
        limits_added=added is not None,
    )


def _max_removed(raw: object) -> tuple[int | None, float | None]:
    where = "safety.max_removed"
    removed = mapping(raw, where, f"{{count: {DEFAULT_REMOVED_COUNT}, percent: {DEFAULT_REMOVED_PERCENT:g}}}")
    only_keys(removed, ("count", "percent"), where)
    return _number(removed.get("count"), 1, f"{where}.count"), _percent(removed.get("percent"), f"{where}.percent")


def _expired(raw: object) -> Expired:
    if raw in (None, "report"):
        return "report"
    if raw == "remove":
        return "remove"
    raise InputError(f"safety.expired: {shown(raw)} is neither report nor remove.")


def _number(raw: object, least: int, where: str) -> int | None:
    """A whole number, also as text, as variables from files and surveys often are; None where nothing is said."""
    number = int(raw) if isinstance(raw, str) and _WHOLE.fullmatch(raw.strip()) else raw
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise InputError(f"{where}: {shown(raw)} is not a whole number from {least} on.")
    return number


def _percent(raw: object, where: str) -> float | None:
    number = float(raw) if isinstance(raw, str) and _DECIMAL.fullmatch(raw.strip()) else raw
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= 100:
        raise InputError(f"{where}: {shown(raw)} is not a number from 0 to 100.")
    return float(number)


def parse_protected(raw: object) -> ProtectedAddresses:
    """relay_protected_addresses as declared (None: nothing is protected). Raises InputError."""
    if raw is None:
        return ProtectedAddresses()
    groups = mapping(raw, "protected_addresses", "{edge: [172.16.5.11], shared: [10.8.0.4]}")
    parsed: list[tuple[str, tuple[IPRange, ...]]] = []
    for name, entries in groups.items():
        if entries is not None:
            parsed.append((name, tuple(sorted(parse_ranges(entries, f"protected_addresses.{name}")))))
    return ProtectedAddresses(tuple(parsed))


def parse_accepted(raw: object, where: str) -> Mapping[str, str]:
    """accept_findings as declared: finding id -> reason (None: nothing is accepted).

    Raises:
        InputError: an id that is not in the table of findings, or a reason that says nothing.
    """
    if raw is None:
        return _NO_REASONS
    reasons = mapping(raw, where, "{open_relay: why this is right here}")
    for identifier, reason in reasons.items():
        if identifier not in BY_ID:
            raise InputError(f"{where}: there is no finding {shown(identifier)}; {near_match(identifier, BY_ID)}")
        if not isinstance(reason, str) or not reason.strip():
            raise InputError(f"{where}.{identifier}: the reason is empty; say in a few words why this is right here.")
    return {identifier: text(reason, f"{where}.{identifier}") for identifier, reason in reasons.items()}
