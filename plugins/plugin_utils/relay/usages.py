# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what the usage of a new connector seeds, needs and does not take.

Source: Microsoft's New-ReceiveConnector and "Receive connectors" pages. A usage is not kept: once the connector is
there, nothing tells what it was made for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import InputError
from .model import ServerFacts
from .ranges import Binding, IPRange

_ANY = frozenset((IPRange(4, 0, (1 << 32) - 1),))
_LEGACY = "ExchangeLegacyServers"


@dataclass(frozen=True)
class Usage:
    """One usage.

    needs: options that New-ReceiveConnector does not go without.
    later: options that it does not take, or is not sure to take, so that they are set right afterwards.
    seeds: values that it chooses where none are given.
    """

    needs: tuple[str, ...]
    later: frozenset[str] = frozenset()
    seeds: Mapping[str, frozenset[object]] = field(default_factory=dict)


def _seeds(
    groups: tuple[str, ...], mechanisms: tuple[str, ...], **others: frozenset[object]
) -> dict[str, frozenset[object]]:
    return {"permission_groups": frozenset(groups), "auth_mechanism": frozenset(mechanisms), **others}


def _everywhere(port: int) -> frozenset[object]:
    return frozenset((Binding(4, 0, port),))


_USERS = ("Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS")
# With Client and Internal the page's text forbids bindings and its syntax allows them, so they come afterwards.
USAGES: dict[str, Usage] = {
    "Custom": Usage(("bindings", "remote_ip_ranges"), seeds=_seeds((), ("Tls",))),
    "Partner": Usage(("bindings", "remote_ip_ranges"), seeds=_seeds(("Partners",), ("Tls",))),
    "Internet": Usage(
        ("bindings",), frozenset(("remote_ip_ranges",)), _seeds(("AnonymousUsers",), ("Tls",), remote_ip_ranges=_ANY)
    ),
    "Client": Usage(
        ("remote_ip_ranges",),
        frozenset(("bindings",)),
        _seeds(("ExchangeUsers",), _USERS, bindings=_everywhere(587)),
    ),
    "Internal": Usage(
        ("remote_ip_ranges",),
        frozenset(("bindings",)),
        _seeds((_LEGACY, "ExchangeServers"), ("Tls", "ExchangeServer"), bindings=_everywhere(25)),
    ),
}


def seeds_of(usage: str, is_edge: bool) -> dict[str, frozenset[object]]:
    """What a new connector of this usage has where nothing is declared; an Edge server knows no legacy servers."""
    seeds = dict(USAGES[usage].seeds)
    if is_edge:
        seeds["permission_groups"] -= {_LEGACY}
    return seeds


def refuse_unknown_usage(usage: str, facts: ServerFacts, where: str) -> None:
    """Raise InputError when connectors of this usage cannot be on this server."""
    if usage == "Client" and facts.is_edge:
        raise InputError(f"{where}: usage: Client is not for an Edge Transport server, which has no mail users.")
