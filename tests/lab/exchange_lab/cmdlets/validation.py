# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules a receive connector must keep (receive-connector.md parts 2 and 7); each raises TaskFailure.

Only the Fqdn text is quoted from a source; the wording of the others is unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exchange_lab.cmdlets import errors
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import ExchangeServer
from exchange_lab.organization.properties import BY_NAME, measure
from exchange_lab.values.scalars import Size, TimeSpan

MAXIMUM_NAME = 64


def check_name(name: str) -> None:
    """A connector's name has 1 to 64 characters and no control characters."""
    if len(name) > MAXIMUM_NAME:
        raise errors.too_long("Name", len(name), MAXIMUM_NAME)
    if not name or name != name.strip() or not name.isprintable():
        raise errors.invalid(
            f'Property validation failed. Property = Name Error = The value "{name}" is empty, starts or ends with a '
            "space, or holds a control character."
        )


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


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise errors.invalid(message)


def _role(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    _require(
        connector.role in ("FrontendTransport", "HubTransport"),
        "The TransportRole parameter must be FrontendTransport or HubTransport.",
    )


def _network(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    # That the last binding or range cannot be taken away is unverified.
    _require(bool(connector.bindings), "The Bindings parameter must hold at least one IP address and port.")
    _require(bool(connector.ranges), "The RemoteIPRanges parameter must hold at least one IP address range.")
    _unique("Bindings", [str(item) for item in connector.bindings])
    _unique(
        "RemoteIPRanges", [item.expression for item in connector.ranges], [item.bounds for item in connector.ranges]
    )


def _unique(name: str, texts: list[str], keys: list[tuple[int, int, int]] | None = None) -> None:
    seen = set()
    for text, key in zip(texts, keys or texts, strict=True):
        _require(key not in seen, f'The value "{text}" is already present in the collection. Property = {name}')
        seen.add(key)


def _mechanisms(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    chosen = connector.mechanisms
    if "BasicAuthRequireTLS" in chosen:
        _require(
            {"BasicAuth", "Tls"} <= chosen,
            "When the AuthMechanism parameter holds BasicAuthRequireTLS, it must also hold BasicAuth and Tls.",
        )
    if connector.flag("RequireTLS"):
        _require("Tls" in chosen, "When the RequireTLS parameter is $true, the AuthMechanism parameter must hold Tls.")
    if "ExternalAuthoritative" in chosen:
        _require(
            chosen <= {"ExternalAuthoritative", "Tls"},
            "When the AuthMechanism parameter holds ExternalAuthoritative, the only other value it may hold is Tls.",
        )
        _require(
            "ExchangeServers" in groups,
            "When the AuthMechanism parameter holds ExternalAuthoritative, the PermissionGroups parameter must hold "
            "ExchangeServers.",
        )
    if connector.flag("DomainSecureEnabled"):
        _require(
            "Tls" in chosen and "ExternalAuthoritative" not in chosen,
            "When the DomainSecureEnabled parameter is $true, the AuthMechanism parameter must hold Tls and must not "
            "hold ExternalAuthoritative.",
        )


def _fqdn(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    if "ExchangeServer" not in connector.mechanisms:
        return
    allowed = {"", server.config.fqdn.lower(), server.name.lower()}
    _require(
        connector.text("Fqdn").lower() in allowed,
        "When the AuthMechanism parameter on a Receive connector is set to the value ExchangeServer, you must set the "
        "FQDN parameter on the Receive connector to one of the following values: the FQDN of the transport server "
        f'"{server.config.fqdn}", the NetBios name of the transport server "{server.name}", or $null.',
    )


def _timeouts(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    _require(
        connector.seconds("ConnectionInactivityTimeout") < connector.seconds("ConnectionTimeout"),
        "The value of the ConnectionInactivityTimeout parameter must be less than the value of the ConnectionTimeout "
        "parameter.",
    )


def _extensions(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    if connector.flag("BinaryMimeEnabled"):
        _require(
            connector.flag("ChunkingEnabled"),
            "When the BinaryMimeEnabled parameter is $true, the ChunkingEnabled parameter must also be $true.",
        )
    if connector.flag("LongAddressesEnabled"):
        _require(
            connector.role == "HubTransport",
            "The LongAddressesEnabled parameter may be $true only on connectors of the Transport service.",
        )


def _banner(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    banner = connector.text("Banner")
    _require(
        not banner or banner.startswith("220 "), 'The value of the Banner parameter must start with "220 " or be $null.'
    )


def _anonymous_tls(connector: ReceiveConnector, groups: frozenset[str], server: ExchangeServer) -> None:
    # No transport service of the lab has UseDowngradedExchangeServerAuth.
    _require(
        not connector.flag("SuppressXAnonymousTls"),
        "The SuppressXAnonymousTls parameter may be $true only when the UseDowngradedExchangeServerAuth parameter of "
        f'the transport service on server "{server.name}" is $true.',
    )


_RULES: tuple[Callable[[ReceiveConnector, frozenset[str], ExchangeServer], None], ...] = (
    _role,
    _network,
    _mechanisms,
    _fqdn,
    _timeouts,
    _extensions,
    _banner,
    _anonymous_tls,
)
