# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients of the simulated server, and what SMTP lets each of them do.

Sources: Microsoft's pages on receive connectors (the network alone selects one, and nobody is passed on when that one
refuses) and on their permissions (without Submit a logon fails).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .simulated_access import Connector
from .simulated_facts import EXTERNALLY_SECURED, SUBMIT, bounds

LOCAL = "10.99.0.1"


@dataclass(frozen=True)
class Client:
    """Somebody who sends from an address.

    logon: it never logs on; always does, and gives up where that is not offered or fails; does either, whichever works.
    user: DOMAIN\\name of the account that it logs on with.
    mechanism: how it logs on, by the value of AuthMechanism that offers it.
    """

    address: str
    logon: Literal["never", "always", "either"] = "never"
    user: str = ""
    mechanism: Literal["BasicAuth", "Integrated"] = "BasicAuth"

    def __str__(self) -> str:
        return f"{self.address} {self.logon} {self.user} {self.mechanism}" if self.user else self.address


def answering(
    connectors: Iterable[Connector], client: str, local: str = LOCAL, port: int = 25, role: str = "FrontendTransport"
) -> Connector | None:
    """The connector that answers a client; `role` is the transport service that listens."""
    address = ipaddress.ip_address(client)
    found: list[tuple[int, bool, str, Connector]] = []
    for connector in connectors:
        if not connector.properties["Enabled"] or connector.properties.get("TransportRole", role) != role:
            continue
        wildcard, specific = f"0.0.0.0:{port}", f"{local}:{port}"
        if not {wildcard, specific} & set(connector.properties["Bindings"]):
            continue
        for text in connector.properties["RemoteIPRanges"]:
            version, low, high = bounds(text)
            if version == address.version and low <= int(address) <= high:
                exact = specific in connector.properties["Bindings"]
                found.append((high - low, not exact, connector.name, connector))
    return min(found, default=(0, False, "", None))[3]


def may(connector: Connector, client: Client, anonymous: str, everybody: str, *rights: str) -> bool:
    """Whether a client whom this connector answers may send, and has these rights.

    anonymous, everybody: how the server calls who does not log on, and everybody who does.
    """
    before = EXTERNALLY_SECURED if "ExternalAuthoritative" in connector.mechanisms else anonymous
    tokens = []
    if client.logon != "always":
        tokens.append((before,))
    if client.logon != "never" and _offers(connector, client.mechanism):
        tokens.append((client.user, everybody))
    return any(all(connector.grants(token, right) for right in (SUBMIT, *rights)) for token in tokens)


def _offers(connector: Connector, mechanism: str) -> bool:
    """Whether a client that takes STARTTLS where it can is offered this way to log on."""
    offered = connector.mechanisms
    after_tls = mechanism == "BasicAuth" and "BasicAuthRequireTLS" in offered
    return mechanism in offered and (not after_tls or "Tls" in offered)
