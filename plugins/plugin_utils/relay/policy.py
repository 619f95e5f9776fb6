# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the limits, protected addresses and acceptances that a plan is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ansible_collections.mailrelay.exchange.plugins.module_utils._findings import BY_ID

from .declaration import mapping, near_match, only_keys
from .errors import InputError
from .model import ExchangeServerAddresses
from .ranges import IPRange, parse_ranges, shown

DEFAULT_MAX_ADDRESSES = 65536
SHARED = "shared"

_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Safety:
    """Limits on what may be declared (relay_safety). max_addresses: the largest range, in addresses."""

    max_addresses: int = DEFAULT_MAX_ADDRESSES


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
    only_keys(limits, ("max_addresses",), "safety")
    number = limits.get("max_addresses")
    if number is None:
        return Safety()
    if isinstance(number, str) and number.strip().isdecimal():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InputError(f"safety.max_addresses: {shown(number)} is not a whole number from 1 on.")
    return Safety(number)


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
    return {identifier: str(reason).strip() for identifier, reason in reasons.items()}
