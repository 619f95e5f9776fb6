# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what the usage of a new connector seeds, needs and does not take.

Source: Microsoft's New-ReceiveConnector and "Receive connectors" pages. A usage is not kept: once the connector is
there, nothing tells what it was made for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION

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
    fixed: options that it does not take, and that must not be another thing even for a moment.
    seeds: values that it chooses where none are given.
    """

    needs: tuple[str, ...]
    later: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
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
        ("bindings",),
        fixed=frozenset(("remote_ip_ranges",)),
        seeds=_seeds(("AnonymousUsers",), ("Tls",), remote_ip_ranges=_ANY),
    ),
    "Client": Usage(
        ("remote_ip_ranges",),
        frozenset(("bindings",)),
        seeds=_seeds(("ExchangeUsers",), _USERS, bindings=_everywhere(587)),
    ),
    "Internal": Usage(
        ("remote_ip_ranges",),
        frozenset(("bindings",)),
        seeds=_seeds((_LEGACY, "ExchangeServers"), ("Tls", "ExchangeServer"), bindings=_everywhere(25)),
    ),
}


def seeds_of(usage: str, is_edge: bool) -> dict[str, frozenset[object]]:
    """What a new connector of this usage has where nothing is declared; an Edge server knows no legacy servers."""
    seeds = dict(USAGES[usage].seeds)
    if is_edge:
        seeds["permission_groups"] -= {_LEGACY}
    return seeds


def refuse_wrong_usage(usage: str, values: Mapping[str, object], facts: ServerFacts, where: str) -> None:
    """Raise InputError when a new connector of this usage cannot be on this server, or not with these values.

    Args:
        usage: the usage.
        values: option name -> canonical value, what the new connector is to have.
        facts: the server.
        where: the connector, for the message.
    """
    if not BY_OPTION["usage"].knows_word(usage, facts.version, facts.is_edge):
        raise InputError(
            f"{where}: usage: {usage} is not for an Edge Transport server, which has no mail users; declare another."
        )
    for option in USAGES[usage].fixed:
        if values.get(option, USAGES[usage].seeds[option]) != USAGES[usage].seeds[option]:
            raise InputError(
                f"{where}: {option}: a new connector of usage {usage} is for everybody and takes no list of its own; "
                "take it out, or declare usage Custom with permission_groups."
            )
