# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the limits and protected addresses that a plan is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .errors import InputError
from .model import ExchangeServerAddresses
from .ranges import IPRange

DEFAULT_MAX_ADDRESSES = 65536
SHARED = "shared"

_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Safety:
    """Limits on what may be declared (relay_safety). max_addresses: largest range, in addresses."""

    max_addresses: int = DEFAULT_MAX_ADDRESSES


@dataclass(frozen=True)
class ProtectedAddresses:
    """Addresses that no source may hold (relay_protected_addresses), by the name of their group.

    Group "shared" holds addresses behind which many clients hide; sources may hold those, with a warning.
    """

    groups: tuple[tuple[str, tuple[IPRange, ...]], ...] = ()


@dataclass(frozen=True)
class Policy:
    """What a plan is judged by. accepted: finding id -> reason, for the whole call."""

    safety: Safety = field(default_factory=Safety)
    protected: ProtectedAddresses = field(default_factory=ProtectedAddresses)
    exchange_addresses: tuple[ExchangeServerAddresses, ...] = ()
    accepted: Mapping[str, str] = _NO_REASONS


def parse_safety(raw: object) -> Safety:
    """relay_safety as declared (None: the defaults). Raises InputError."""
    raise NotImplementedError


def parse_protected(raw: object) -> ProtectedAddresses:
    """relay_protected_addresses as declared (None: nothing). Raises InputError."""
    raise NotImplementedError


def parse_accepted(raw: object, where: str) -> Mapping[str, str]:
    """accept_findings as declared: finding id -> reason. Raises InputError for unknown ids and empty reasons."""
    raise InputError(where)
