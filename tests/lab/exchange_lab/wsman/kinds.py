# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two kinds of endpoint: Exchange's own in IIS, and the plain one of WinRM (remote-powershell.md parts 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

from exchange_lab.interface import ServerConfig

_RESOURCES = "http://schemas.microsoft.com/powershell/"


@dataclass(frozen=True)
class EndpointKind:
    """What tells one kind of endpoint from the other.

    path: of its URL. port: the usual one, which answers name whatever the lab listens on. configuration: the only
    session configuration that it serves. product: the Server header of HTTP. basic_realm: realm of Basic, empty for the
    server's name. offers_ntlm: whether NTLM stands beside Negotiate among the methods offered. snap_in: whether the
    cmdlets come with a snap-in.
    """

    path: str
    port: int
    configuration: str
    product: str
    basic_realm: str
    offers_ntlm: bool
    snap_in: bool

    @property
    def resource_uri(self) -> str:
        """What a client asks for."""
        return _RESOURCES + self.configuration


EXCHANGE = EndpointKind("PowerShell", 80, "Microsoft.Exchange", "Microsoft-IIS/10.0", "", True, False)
WINRM = EndpointKind("wsman", 5985, "Microsoft.PowerShell", "Microsoft-HTTPAPI/2.0", "WSMAN", False, True)


def kind_of(server: ServerConfig) -> EndpointKind:
    """The kind of endpoint that a server has."""
    return WINRM if server.endpoint == "wsman" else EXCHANGE
