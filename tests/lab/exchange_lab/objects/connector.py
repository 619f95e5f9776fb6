# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Get- and New-ReceiveConnector put out (type names, order and rendering: receive-connector.md part 3)."""

from __future__ import annotations

from uuid import UUID

from exchange_lab.clixml import Complex, Value
from exchange_lab.objects.common import directory_tail, head_types
from exchange_lab.organization.acl import groups_of, groups_value
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import Organization
from exchange_lab.organization.properties import PROPERTIES
from exchange_lab.values import enums
from exchange_lab.values.addresses import IPBinding, IPRange
from exchange_lab.values.directory import DomainCapabilities, ObjectId, exchange_version, object_list, schema_class
from exchange_lab.values.kinds import render

_TYPES = head_types("Microsoft.Exchange.Data.Directory.SystemConfiguration.ReceiveConnector")
_NO_GUID = UUID(int=0)
_ITEM_TYPES = {
    "Bindings": "Microsoft.Exchange.Data.IPBinding",
    "RemoteIPRanges": "Microsoft.Exchange.Data.IPRange",
    "TlsDomainCapabilities": "Microsoft.Exchange.Data.SmtpReceiveDomainCapabilities",
}


def permission_groups(organization: Organization, connector: ReceiveConnector) -> enums.EnumValue:
    """The PermissionGroups that a connector's explicit entries make up."""
    return groups_value(groups_of(connector.explicit, organization.presets))


def connector_object(organization: Organization, connector: ReceiveConnector, controller: str) -> Complex:
    """Render one connector as read from a domain controller."""
    properties: list[tuple[str, Value]] = []
    for item in PROPERTIES:
        properties.append((item.name, _value(organization, connector, item.name)))
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
    server = organization.servers[connector.server.lower()]
    return ObjectId(server.distinguished_name, _NO_GUID, server.name, organization.domain, _NO_GUID).rendered()


def _value(organization: Organization, connector: ReceiveConnector, name: str) -> Value:
    if name == "PermissionGroups":
        return permission_groups(organization, connector).rendered()
    value = connector.values[name]
    if isinstance(value, tuple):
        echo = organization.config.switches.range_echo
        return object_list(_ITEM_TYPES[name], [_item(item, echo) for item in value])
    return render(value)


def _item(item: object, echo: str) -> Complex:
    if isinstance(item, IPRange):
        return item.echoed(echo).rendered()
    assert isinstance(item, IPBinding | DomainCapabilities)
    return item.rendered()
