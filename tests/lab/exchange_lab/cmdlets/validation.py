# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules a receive connector must keep (receive-connector.md parts 2 and 7); each raises TaskFailure.

Only the Fqdn text is quoted from a source; the wording of the others is unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from exchange_lab.cmdlets import errors
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import ExchangeServer
from exchange_lab.organization.properties import BY_NAME, measure
from exchange_lab.values.directory import DomainCapabilities
from exchange_lab.values.scalars import Size, TimeSpan

MAXIMUM_NAME = 64


def check_name(name: str) -> None:
    """A connector's name has 1 to 64 characters and no control characters."""
    if len(name) > MAXIMUM_NAME:
        raise errors.invalid("too_long", name="Name", length=len(name), maximum=MAXIMUM_NAME)
    if not name or name != name.strip() or not name.isprintable():
        raise errors.invalid("bad_name", name=name)


def check_limits(values: Mapping[str, object]) -> None:
    """Every value that was sent lies within its property's limits."""
    for name, value in values.items():
        item = BY_NAME[name]
        number = measure(value)
        if number is None or item.minimum is None:
            continue
        if number < item.minimum or (item.maximum is not None and number > item.maximum):
            raise errors.out_of_range(name, value, _shown(value, item.minimum), _shown(value, item.maximum))


def _shown(value: object, limit: int | None) -> object:
    if limit is None:
        return None
    return type(value)(limit) if isinstance(value, TimeSpan | Size) else limit


def check_connector(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    """The whole connector keeps every rule; `groups` are the permission groups it will have."""
    for rule in _RULES:
        rule(connector, groups, server)


def _require(holds: bool, key: str, **arguments: object) -> None:
    """Raise the failure that a text's key names, unless a rule holds."""
    if not holds:
        raise errors.invalid(key, **arguments)


def _role(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    """A connector belongs to a transport service that runs on its server."""
    _require(connector.role in ("FrontendTransport", "HubTransport"), "unknown_role")
    installed = connector.role in server.config.transport_roles
    _require(installed, "role_not_installed", role=connector.role, server=server.name)


def _groups(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    for group in sorted(groups):
        _require(group in server.presets, "group_not_on_edge", group=group)


def _network(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    # That the last binding or range cannot be taken away is unverified.
    _require(bool(connector.bindings), "no_bindings")
    _require(bool(connector.ranges), "no_ranges")
    _unique("Bindings", [str(item) for item in connector.bindings])
    _unique(
        "RemoteIPRanges", [item.expression for item in connector.ranges], [item.bounds for item in connector.ranges]
    )


def _unique(name: str, texts: list[str], keys: list[tuple[int, int, int]] | None = None) -> None:
    seen = set()
    for text, key in zip(texts, keys or texts, strict=True):
        _require(key not in seen, "value_twice", value=text, name=name)
        seen.add(key)


def _mechanisms(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    chosen = connector.mechanisms
    external = "ExternalAuthoritative" in chosen
    _require("BasicAuthRequireTLS" not in chosen or {"BasicAuth", "Tls"} <= chosen, "basic_needs_tls")
    _require(not connector.flag("RequireTLS") or "Tls" in chosen, "require_tls")
    _require(not external or chosen <= {"ExternalAuthoritative", "Tls"}, "external_alone")
    _require(not external or "ExchangeServers" in groups, "external_needs_group")
    _require(not connector.flag("DomainSecureEnabled") or ("Tls" in chosen and not external), "domain_secure")


def _fqdn(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    if "ExchangeServer" not in connector.mechanisms:
        return
    allowed = {"", server.config.fqdn.lower(), server.name.lower()}
    _require(connector.text("Fqdn").lower() in allowed, "fqdn", fqdn=server.config.fqdn, server=server.name)


def _timeouts(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    shorter = connector.seconds("ConnectionInactivityTimeout") < connector.seconds("ConnectionTimeout")
    _require(shorter, "timeouts")


def _extensions(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    binary = connector.flag("BinaryMimeEnabled")
    _require(not binary or connector.flag("ChunkingEnabled"), "binary_needs_chunking")
    _require(not connector.flag("LongAddressesEnabled") or connector.role == "HubTransport", "long_addresses")


def _banner(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    banner = connector.text("Banner")
    _require(not banner or banner.startswith("220 "), "banner")


def _anonymous_tls(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    allowed = server.config.downgraded_exchange_auth
    _require(allowed or not connector.flag("SuppressXAnonymousTls"), "anonymous_tls", server=server.name)


def _capabilities(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    """AcceptCloudServicesMail came with 2013."""
    for entry in cast("tuple[DomainCapabilities, ...]", connector.values["TlsDomainCapabilities"]):
        for capability in entry.capabilities:
            known = capability != "AcceptCloudServicesMail" or server.config.platform.has("2013")
            _require(known, "unknown_capability", capability=capability)


_RULES: tuple[Callable[[ReceiveConnector, frozenset[str], ExchangeServer], None], ...] = (
    _role,
    _groups,
    _network,
    _mechanisms,
    _fqdn,
    _timeouts,
    _extensions,
    _banner,
    _anonymous_tls,
    _capabilities,
)
