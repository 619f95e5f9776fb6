# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two kinds of endpoint: Exchange's own in IIS, and the plain one of WinRM (remote-powershell.md parts 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

from exchange_lab.settings import ServerConfig

_RESOURCES = "http://schemas.microsoft.com/powershell/"


@dataclass(frozen=True)
class EndpointKind:
    """What tells one kind of endpoint from the other.

    path: of its URL. port: the usual one, which answers name whatever the lab listens on. configuration: the only
    session configuration that it serves. product: the Server header of HTTP. basic_realm: realm of Basic, empty for the
    server's name. offers_ntlm: whether NTLM stands beside Negotiate among the methods offered. clear_basic: whether
    Basic is taken without TLS. delimiter: what stands between the parts of a sealed message. snap_in: whether the
    cmdlets come with a snap-in.
    """

    path: str
    port: int
    configuration: str
    product: str
    basic_realm: str
    offers_ntlm: bool
    clear_basic: bool
    delimiter: bytes
    snap_in: bool

    @property
    def resource_uri(self) -> str:
        """What a client asks for."""
        return _RESOURCES + self.configuration


EXCHANGE = EndpointKind(
    path="PowerShell",
    port=80,
    configuration="Microsoft.Exchange",
    product="Microsoft-IIS/10.0",
    basic_realm="",
    offers_ntlm=True,
    clear_basic=True,
    # Exchange's front end writes a blank after the dashes, where RFC 2046 has none.
    delimiter=b"-- Encrypted Boundary",
    snap_in=False,
)
WINRM = EndpointKind(
    path="wsman",
    port=5985,
    configuration="Microsoft.PowerShell",
    product="Microsoft-HTTPAPI/2.0",
    basic_realm="WSMAN",
    offers_ntlm=False,
    # AllowUnencrypted is false by default. That Basic is then not even offered without TLS is unverified.
    clear_basic=False,
    delimiter=b"--Encrypted Boundary",
    snap_in=True,
)


def kind_of(server: ServerConfig) -> EndpointKind:
    """The kind of endpoint that a server has."""
    return WINRM if server.endpoint == "wsman" else EXCHANGE
