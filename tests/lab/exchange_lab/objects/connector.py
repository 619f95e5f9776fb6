# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Get- and New-ReceiveConnector put out (type names, order and rendering: receive-connector.md part 3)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from exchange_lab.clixml import Complex, Value
from exchange_lab.objects.common import directory_tail, head_types
from exchange_lab.organization.acl import groups_of, groups_value
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import ExchangeServer, Organization
from exchange_lab.organization.properties import PROPERTIES
from exchange_lab.values import enums
from exchange_lab.values.addresses import IPRange
from exchange_lab.values.directory import ObjectId, exchange_version, object_list, schema_class
from exchange_lab.values.kinds import render
from exchange_lab.values.scalars import Size

_TYPES = head_types("Microsoft.Exchange.Data.Directory.SystemConfiguration.ReceiveConnector")
_NO_GUID = UUID(int=0)
_ITEM_TYPES = {
    "Bindings": "Microsoft.Exchange.Data.IPBinding",
    "RemoteIPRanges": "Microsoft.Exchange.Data.IPRange",
    "TlsDomainCapabilities": "Microsoft.Exchange.Data.SmtpReceiveDomainCapabilities",
}


def permission_groups(organization: Organization, connector: ReceiveConnector) -> enums.EnumValue:
    """The PermissionGroups that a connector's explicit entries make up."""
    return groups_value(groups_of(connector.explicit, organization.server_of(connector).presets))


@dataclass(frozen=True)
class _Style:
    """How one server's cmdlets render values."""

    culture: str
    range_echo: str
    keeps_scopes: bool

    def render(self, value: object) -> Value:
        if isinstance(value, Size):
            return value.rendered(self.culture)
        if isinstance(value, IPRange):
            shown = value if self.keeps_scopes or "%" not in value.expression else value.without_scopes()
            return shown.echoed(self.range_echo).rendered()
        return render(value)


def connector_object(
    organization: Organization, connector: ReceiveConnector, controller: str, viewer: ExchangeServer
) -> Complex:
    """Render one connector as the cmdlets of a server (`viewer`) read it from a domain controller.

    They show the properties that their own version knows, with the separators of their own culture.
    """
    switches = organization.config.switches
    culture = viewer.config.culture if switches.localized_sizes else "en"
    style = _Style(culture, switches.range_echo, switches.scope_ids == "kept")
    platform = viewer.config.platform
    properties: list[tuple[str, Value]] = []
    hidden = {"TransportRole"} if platform.edge and switches.edge_transport_role == "hidden" else set()
    for item in PROPERTIES:
        if platform.has(item.since) and item.name not in hidden:
            properties.append((item.name, _value(organization, connector, item.name, style)))
        if item.name == "TlsDomainCapabilities":
            properties.append(("Server", _server(organization, connector)))
    properties.append(("ExchangeVersion", exchange_version(0, 1, "8.0.535.0")))
    identity = organization.connector_id(connector)
    category = schema_class(organization.domain, "ms-Exch-Smtp-Receive-Connector")
    properties += directory_tail(
        identity,
        category,
        ("top", "msExchSmtpReceiveConnector"),
        connector.created,
        connector.changed,
        controller,
    )
    return Complex(_TYPES, connector.identity, properties)


def _server(organization: Organization, connector: ReceiveConnector) -> Complex:
    """The Server property is read from the connector's own name, so it carries no GUID."""
    server = organization.server_of(connector)
    return ObjectId(server.distinguished_name, _NO_GUID, server.name, organization.domain, _NO_GUID).rendered()


def _value(organization: Organization, connector: ReceiveConnector, name: str, style: _Style) -> Value:
    if name == "PermissionGroups":
        return permission_groups(organization, connector).rendered()
    value = connector.values[name]
    if isinstance(value, tuple):
        return object_list(_ITEM_TYPES[name], [style.render(item) for item in value])
    return style.render(value)
