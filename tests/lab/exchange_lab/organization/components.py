# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The components of Get-ServerComponentState, which exists since 2013."""

from __future__ import annotations

from exchange_lab.settings import ServerConfig

# The components of a 2019 Mailbox server, two of them always inactive, as in the public test data of the repository
# microsoft/CSS-Exchange (GetServerComponentState of a 2019 server).
COMPONENTS = (
    "ServerWideOffline",
    "HubTransport",
    "FrontendTransport",
    "Monitoring",
    "RecoveryActionsEnabled",
    "AutoDiscoverProxy",
    "ActiveSyncProxy",
    "EcpProxy",
    "EwsProxy",
    "ImapProxy",
    "OabProxy",
    "OwaProxy",
    "PopProxy",
    "PushNotificationsProxy",
    "RpsProxy",
    "RwsProxy",
    "RpcProxy",
    "XropProxy",
    "HttpProxyAvailabilityGroup",
    "ForwardSyncDaemon",
    "ProvisioningRps",
    "MapiProxy",
    "EdgeTransport",
    "HighAvailability",
    "SharedCache",
    "MailboxDeliveryProxy",
    "RoutingUpdates",
    "RestProxy",
    "DefaultProxy",
    "Lsass",
    "RoutingService",
    "E4EProxy",
    "CafeLAMv2",
    "LogExportProvider",
)
_INACTIVE = frozenset({"ForwardSyncDaemon", "ProvisioningRps"})
# What only one transport service has. The lists of other versions than 2019 and of single roles are unverified.
_SERVICES = {"FrontendTransport": "FrontendTransport", "HubTransport": "HubTransport"}
_ON_EDGE = ("ServerWideOffline", "Monitoring", "RecoveryActionsEnabled", "EdgeTransport", "RoutingUpdates")


def components(server: ServerConfig) -> dict[str, str]:
    """The usual states of a server's components; none where the version has no component states."""
    if not server.platform.has("2013"):
        return {}
    if server.edge:
        return dict.fromkeys(_ON_EDGE, "Active")
    absent = {name for name, role in _SERVICES.items() if role not in server.transport_roles}
    return {name: "Inactive" if name in _INACTIVE else "Active" for name in COMPONENTS if name not in absent}


def transport_component(server: ServerConfig) -> str:
    """The component that answers on port 25."""
    if server.edge:
        return "EdgeTransport"
    roles = server.transport_roles
    return roles[0] if roles else "HubTransport"
