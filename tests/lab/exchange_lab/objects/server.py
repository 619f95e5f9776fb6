# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Get-ExchangeServer, Get-ServerComponentState, Get-NetworkConnectionInfo and Get-AcceptedDomain put out.

The shapes of component states and accepted domains follow the public test data of the repository
microsoft/CSS-Exchange (objects of a 2016 and a 2019 server).
"""

from __future__ import annotations

from ipaddress import ip_address

from exchange_lab.clixml import Complex, Value
from exchange_lab.interface import AcceptedDomain
from exchange_lab.objects.common import directory_tail, head_types, object_state, times
from exchange_lab.organization.model import ExchangeServer, Organization
from exchange_lab.settings import ServerConfig
from exchange_lab.values import enums
from exchange_lab.values.addresses import render_address
from exchange_lab.values.directory import (
    ObjectId,
    exchange_version,
    organization_id,
    partition_guid,
    schema_class,
    stable_guid,
    string_list,
)
from exchange_lab.values.scalars import TimeSpan
from exchange_lab.versions import BUILDS

_ASSEMBLY = "Microsoft.Exchange.Data, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
_NETWORK_TYPES = (
    "Microsoft.Exchange.Data.NetworkAddressCollection",
    f"Microsoft.Exchange.Data.ProtocolAddressCollection`1[[Microsoft.Exchange.Data.NetworkAddress, {_ASSEMBLY}]]",
    f"Microsoft.Exchange.Data.MultiValuedProperty`1[[Microsoft.Exchange.Data.NetworkAddress, {_ASSEMBLY}]]",
    "Microsoft.Exchange.Data.MultiValuedPropertyBase",
    "System.Object",
)
_NETWORK_ITEM_TYPES = (
    "Microsoft.Exchange.Data.CustomNetworkAddress",
    "Microsoft.Exchange.Data.NetworkAddress",
    "Microsoft.Exchange.Data.ProtocolAddress",
    "System.Object",
)


# Properties that came after 2007, by the version that first had them. The captures are of 2016; the lists of the older
# versions are unverified.
_SINCE = {
    "IsE14OrLater": "2010",
    "IsProvisionedServer": "2010",
    "WhenChangedUTC": "2010",
    "WhenCreatedUTC": "2010",
    "OrganizationId": "2010",
    "IsE15OrLater": "2013",
    "IsFrontendTransportServer": "2013",
    "MonitoringGroup": "2013",
    "MailboxProvisioningAttributes": "2013",
    "InternetWebProxyBypassList": "2016",
    "MitigationsEnabled": "2016",
    "MitigationsApplied": "2016",
    "MitigationsBlocked": "2016",
    "DataCollectionEnabled": "2016",
}


def server_object(
    organization: Organization, server: ExchangeServer, controller: str, status: bool, viewer: ExchangeServer
) -> Complex:
    """Render one server as the cmdlets of another one (`viewer`) read it, with the properties that their version knows.

    The Current... properties are filled only for -Status.
    """
    name, fqdn, config = server.name, server.config.fqdn, server.config
    identity = organization.server_id(server)
    own = identity.rendered()
    current = (config.domain_controller,) if status and not config.edge else ()
    forest = "" if config.edge else organization.domain  # what an Edge Transport server shows here is unverified
    legacy = f"/o={organization.config.organization.name}/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)"
    properties: list[tuple[str, Value]] = [
        ("Name", name),
        ("DataPath", _data_path(config.version)),
        ("Domain", forest),
        ("Edition", enums.SERVER_EDITION.value("Enterprise").rendered()),
        ("ExchangeLegacyDN", f"{legacy}/cn=Configuration/cn=Servers/cn={name}"),
        ("ExchangeLegacyServerRole", 0),
        ("Fqdn", fqdn),
        ("CustomerFeedbackEnabled", None),
        ("InternetWebProxy", None),
        ("InternetWebProxyBypassList", None),
        *_booleans(config),
        ("NetworkAddress", _network_address(name, fqdn)),
        ("OrganizationalUnit", f"{forest}/{name}" if forest else name),
        ("AdminDisplayVersion", _version(config.version)),
        ("Site", None if config.edge else _site(organization, config.site)),
        ("ServerRole", enums.SERVER_ROLE.combine([_ROLE_NAMES[role] for role in config.roles]).rendered()),
        ("ErrorReportingEnabled", None),
        ("MitigationsEnabled", True),
        ("StaticDomainControllers", string_list(())),
        ("StaticGlobalCatalogs", string_list(())),
        ("StaticConfigDomainController", ""),
        ("StaticExcludedDomainControllers", string_list(())),
        ("MonitoringGroup", ""),
        ("CurrentDomainControllers", string_list(current)),
        ("CurrentGlobalCatalogs", string_list(current)),
        ("CurrentConfigDomainController", config.domain_controller if status else ""),
        ("ProductID", "02064-004-0000000-00000"),
        ("IsExchangeTrialEdition", False),
        ("IsExpiredExchangeTrialEdition", False),
        ("MailboxProvisioningAttributes", None),
        ("RemainingTrialPeriod", TimeSpan(0).rendered()),
        ("MitigationsApplied", None),
        ("MitigationsBlocked", None),
        ("DataCollectionEnabled", False),
        ("Identity", own),
        ("IsValid", True),
        ("ExchangeVersion", exchange_version(0, 1, "8.0.535.0")),
        ("DistinguishedName", server.distinguished_name),
        ("Guid", server.guid),
        ("ObjectCategory", schema_class(organization.domain, "ms-Exch-Exchange-Server").rendered()),
        ("ObjectClass", string_list(("top", "server", "msExchExchangeServer"))),
        *times(server.created, server.created),
        ("OrganizationId", organization_id()),
        ("Id", own),
        ("OriginatingServer", controller),
        ("ObjectState", object_state("Unchanged")),
    ]
    platform = viewer.config.platform
    properties = [(key, value) for key, value in properties if platform.has(_SINCE.get(key, "2007"))]
    types = head_types("Microsoft.Exchange.Data.Directory.Management.ExchangeServer", "Management.ADPresentationObject")
    return Complex(types, name, properties)


_ROLE_NAMES = {
    "mailbox": "Mailbox",
    "client_access": "ClientAccess",
    "hub_transport": "HubTransport",
    "edge": "Edge",
}


def _booleans(config: ServerConfig) -> list[tuple[str, Value]]:
    """What kind of server it is. Since 2013 roles hold more than their name says: a Mailbox server has the Transport
    service, and since 2016 the services of Client Access too (receive-connector.md part 3)."""
    platform = config.platform
    front = "FrontendTransport" in config.transport_roles
    return [
        ("IsHubTransportServer", not config.edge and "HubTransport" in config.transport_roles),
        ("IsClientAccessServer", front or "client_access" in config.roles),
        ("IsExchange2007OrLater", True),
        ("IsEdgeServer", config.edge),
        ("IsMailboxServer", "mailbox" in config.roles),
        ("IsE14OrLater", platform.has("2010")),
        ("IsE15OrLater", platform.has("2013")),
        ("IsProvisionedServer", False),
        ("IsUnifiedMessagingServer", False),
        ("IsFrontendTransportServer", front),
    ]


def _data_path(version: str) -> Complex:
    folder = {"2007": "", "2010": "V14\\"}.get(version, "V15\\")
    path = f"C:\\Program Files\\Microsoft\\Exchange Server\\{folder}Mailbox"
    properties: list[tuple[str, Value]] = [
        ("PathName", path),
        ("IsLocalFull", True),
        ("IsUnc", False),
        ("DriveName", "C:"),
    ]
    types = ("Microsoft.Exchange.Data.LocalLongFullPath", "Microsoft.Exchange.Data.LongPath", "System.Object")
    return Complex(types, path, properties)


def _network_address(name: str, fqdn: str) -> Complex:
    entries = dict.fromkeys(("ncacn_vns_spp", "netbios", "ncacn_np", "ncacn_spx"), name)
    entries |= {"ncacn_ip_tcp": fqdn, "ncalrpc": name}
    items = [
        Complex(
            _NETWORK_ITEM_TYPES,
            f"{protocol}:{address}",
            [("ProtocolType", protocol), ("AddressString", address)],
            serialized=False,
        )
        for protocol, address in entries.items()
    ]
    return Complex(_NETWORK_TYPES, items=items, serialized=False)


def _version(version: str) -> Complex:
    major, minor, build, revision = BUILDS[version]
    properties: list[tuple[str, Value]] = [
        ("Major", major),
        ("Minor", minor),
        ("Build", build),
        ("Revision", revision),
        ("FilePatchLevelDescription", None),
    ]
    text = f"Version {major}.{minor} (Build {build}.{revision})"
    return Complex(("Microsoft.Exchange.Data.ServerVersion", "System.Object"), text, properties)


def _site(organization: Organization, site: str) -> Complex:
    dn = f"CN={site},CN=Sites,CN=Configuration,{organization.naming_context}"
    parent = f"{organization.domain}/Configuration/Sites"
    guid = stable_guid("site", organization.domain, site)
    return ObjectId(dn, guid, f"{parent}/{site}", organization.domain, partition_guid(), parent).rendered()


_COMPONENT_TYPE = "Microsoft.Exchange.Data.Directory.Management.ServerComponentStatePresentationObject"
_REQUESTERS = (
    f"System.Collections.Generic.List`1[[{_COMPONENT_TYPE}+RequesterDetails, "
    "Microsoft.Exchange.Data.Directory, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "System.Object",
)


def component_object(organization: Organization, server: ExchangeServer, component: str) -> Complex:
    """Render the state of one component; states set by a requester (maintenance) are not listed: unverified detail."""
    properties: list[tuple[str, Value]] = [
        ("ServerFqdn", server.config.fqdn),
        ("Component", component),
        ("State", enums.SERVICE_STATE.value(server.components[component]).rendered()),
        ("ServerWideOfflineIsOffline", server.components["ServerWideOffline"] != "Active"),
        ("RemoteStates", Complex(_REQUESTERS, items=(), serialized=False)),
        ("LocalStates", Complex(_REQUESTERS, items=(), serialized=False)),
        ("Identity", organization.server_id(server).rendered()),
        ("IsValid", True),
        ("ObjectState", object_state("New")),
    ]
    types = (_COMPONENT_TYPE, "Microsoft.Exchange.Data.ConfigurableObject", "System.Object")
    return Complex(types, _COMPONENT_TYPE, properties)


def network_object(server: ExchangeServer, index: int, address: str) -> Complex:
    """Render one network adapter. No capture exists: every name but IPAddresses is unverified."""
    item_type = "System.Net.IPAddress"
    list_types = (f"{item_type}[]", "System.Array", "System.Object")
    guid = stable_guid("adapter", server.config.fqdn, str(index))
    properties: list[tuple[str, Value]] = [
        ("Name", f"Ethernet {index}"),
        ("DnsServers", Complex(list_types, items=(), serialized=False)),
        ("IPAddresses", Complex(list_types, items=[render_address(ip_address(address))], serialized=False)),
        ("AdapterGuid", guid),
        ("MacAddress", f"00:15:5D:00:00:{index:02X}"),
        ("Identity", f"{server.name}\\{guid}"),
        ("IsValid", True),
        ("ObjectState", object_state("Unchanged")),
    ]
    types = (
        "Microsoft.Exchange.Management.SystemConfigurationTasks.NetworkConnectionInfo",
        "Microsoft.Exchange.Data.ConfigurableObject",
        "System.Object",
    )
    return Complex(types, f"{server.name}\\{guid}", properties)


def accepted_domain_object(organization: Organization, domain: AcceptedDomain, controller: str) -> Complex:
    """Render one accepted domain."""
    includes = domain.domain.startswith("*.")
    bare = domain.domain.removeprefix("*.")
    smtp: list[tuple[str, Value]] = [
        ("Address", domain.domain),
        ("IncludeSubDomains", includes),
        ("Domain", bare),
        ("SmtpDomain", bare),
        ("IsStar", False),
    ]
    name_types = ("Microsoft.Exchange.Data.SmtpDomainWithSubdomains", "System.Object")
    false_flags = ("PendingRemoval", "PendingCompletion")
    later_flags = (
        "OutboundOnly",
        "PendingFederatedAccountNamespace",
        "PendingFederatedDomain",
        "IsCoexistenceDomain",
        "PerimeterDuplicateDetected",
        "IsDefaultFederatedDomain",
        "EnableNego2Authentication",
        "InitialDomain",
    )
    created = organization.created
    properties: list[tuple[str, Value]] = [
        ("DomainName", Complex(name_types, domain.domain, smtp)),
        ("CatchAllRecipientID", None),
        ("DomainType", enums.ACCEPTED_DOMAIN_TYPE.value(domain.type).rendered()),
        ("MatchSubDomains", False),
        ("AddressBookEnabled", True),
        ("Default", domain.default),
        ("EmailOnly", False),
        ("ExternallyManaged", False),
        ("AuthenticationType", None),
        ("LiveIdInstanceType", None),
        *((name, False) for name in false_flags),
        ("FederatedOrganizationLink", None),
        ("MailFlowPartner", None),
        *((name, False) for name in later_flags),
        ("AdminDisplayName", ""),
        ("ExchangeVersion", exchange_version(0, 20, "15.0.0.0")),
        *directory_tail(
            organization.accepted_domain_id(domain),
            schema_class(organization.domain, "ms-Exch-Accepted-Domain"),
            ("top", "msExchAcceptedDomain"),
            created,
            created,
            controller,
        ),
    ]
    types = head_types("Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain")
    return Complex(types, domain.name, properties)
