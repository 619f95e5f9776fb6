# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which parameters and properties each version has, and how an unknown one is refused.

The table is written here again, by version of first appearance, from receive-connector.md part 2; a mistake in the
lab's own table and the same one here is less likely than one of them.
"""

from __future__ import annotations

import pytest

from exchange_lab.cmdlets.binding import all_parameters
from exchange_lab.cmdlets.definition import COMMON, CONFIRMATION
from exchange_lab.cmdlets.registry import CMDLETS
from exchange_lab.versions import VERSIONS, Platform

from .conftest import MakeShell
from .test_versions import connectors, new_relay, server

NEW_IN = {
    "2007": """AuthMechanism Banner BinaryMimeEnabled Bindings ChunkingEnabled Comment ConnectionInactivityTimeout
        ConnectionTimeout DefaultDomain DeliveryStatusNotificationEnabled DomainSecureEnabled EightBitMimeEnabled
        EnableAuthGSSAPI Enabled EnhancedStatusCodesEnabled Fqdn LongAddressesEnabled MaxHeaderSize MaxHopCount
        MaxInboundConnection MaxInboundConnectionPerSource MaxInboundConnectionPercentagePerSource MaxLocalHopCount
        MaxLogonFailures MaxMessageSize MaxProtocolErrors MaxRecipientsPerMessage MessageRateLimit OrarEnabled
        PermissionGroups PipeliningEnabled ProtocolLoggingLevel RemoteIPRanges RequireEHLODomain RequireTLS SizeEnabled
        TarpitInterval""",
    "2010": """AdvertiseClientSettings BareLinefeedRejectionEnabled ExtendedProtectionPolicy LiveCredentialEnabled
        MaxAcknowledgementDelay MessageRateSource SuppressXAnonymousTls TlsDomainCapabilities""",
    "2013": "ProxyEnabled ServiceDiscoveryFqdn SmtpUtf8Enabled TlsCertificateName TransportRole",
    "2016": """AuthTarpitInterval RejectReservedSecondLevelRecipientDomains RejectReservedTopLevelRecipientDomains
        RejectSingleLabelRecipientDomains""",
    "2019": "",
    "SE": "",
}
GONE_AFTER_2013 = {"LiveCredentialEnabled", "ProxyEnabled"}
SET_ONLY = {"BareLinefeedRejectionEnabled", "SmtpUtf8Enabled", *GONE_AFTER_2013}
USAGES = {"Usage", "Client", "Custom", "Internal", "Internet", "Partner"}
PLAIN = {parameter.name for parameter in (*COMMON, *CONFIRMATION)}


def properties_of(version: str) -> set[str]:
    """The properties that exist in a version."""
    return {name for known in VERSIONS[: VERSIONS.index(version) + 1] for name in NEW_IN[known].split()}


def parameters_of(version: str) -> set[str]:
    gone = GONE_AFTER_2013 if version in ("2016", "2019", "SE") else set()
    return properties_of(version) - gone


def names(cmdlet: str, platform: Platform) -> set[str]:
    return {item.name for item in all_parameters(CMDLETS[cmdlet.lower()], platform)} - PLAIN


@pytest.mark.parametrize("edge", [False, True], ids=["mailbox", "edge"])
@pytest.mark.parametrize("version", VERSIONS)
def test_parameters_of_the_four_cmdlets(version: str, edge: bool) -> None:
    platform = Platform(version, edge)
    absent = {"TransportRole", "DomainController"} if edge else set()
    known = parameters_of(version)
    assert (
        names("New-ReceiveConnector", platform)
        == (known - SET_ONLY | USAGES | {"Name", "Server", "DomainController"}) - absent
    )
    assert names("Set-ReceiveConnector", platform) == (known | {"Identity", "Name", "DomainController"}) - absent
    assert names("Get-ReceiveConnector", platform) == {"Identity", "Server", "DomainController"} - absent
    assert names("Remove-ReceiveConnector", platform) == {"Identity", "DomainController"} - absent


@pytest.mark.parametrize("version", VERSIONS)
def test_properties_that_get_returns(make_shell: MakeShell, version: str) -> None:
    found = connectors(make_shell(servers=server(version)))["Default"]
    shown = set(found) & {name for known in NEW_IN.values() for name in known.split()}
    assert shown == properties_of(version), "what is no parameter any more is still returned"
    assert ("AcceptConsumerMail" in found) is (version in ("2016", "2019", "SE"))


UNKNOWN = [
    ("2007", "Set-ReceiveConnector", "MaxAcknowledgementDelay"),
    ("2007", "New-ReceiveConnector", "TransportRole"),
    ("2010", "New-ReceiveConnector", "TransportRole"),
    ("2010", "Set-ReceiveConnector", "AuthTarpitInterval"),
    ("2013", "Set-ReceiveConnector", "RejectSingleLabelRecipientDomains"),
    ("2016", "Set-ReceiveConnector", "LiveCredentialEnabled"),
    ("SE", "Set-ReceiveConnector", "ProxyEnabled"),
    ("SE", "New-ReceiveConnector", "SmtpUtf8Enabled"),
    ("SE", "Set-ReceiveConnector", "Usage"),
    ("SE", "Set-ReceiveConnector", "Server"),
]


@pytest.mark.parametrize(("version", "cmdlet", "parameter"), UNKNOWN)
def test_an_unknown_parameter_is_powershells_own_error(
    make_shell: MakeShell, version: str, cmdlet: str, parameter: str
) -> None:
    shell = make_shell(servers=server(version))
    error = shell.refused(
        cmdlet, **{"Identity": r"EX1\Default EX1", parameter: "x"} if "Set" in cmdlet else {parameter: "x"}
    )
    assert error.message == f"A parameter cannot be found that matches parameter name '{parameter}'."
    assert error.error_id == f"NamedParameterNotFound,{cmdlet}"
    assert (error.category, error.terminating) == ("InvalidArgument", True)
    assert error.exception_type == "System.Management.Automation.ParameterBindingException"


EVERY_VALUE: dict[str, object] = {
    "DefaultDomain": "lab.example",
    "TlsCertificateName": "<I>CN=Issuer<S>CN=mail.lab.example",
    "TlsDomainCapabilities": ["partner.example:AcceptOorgProtocol"],
    "ServiceDiscoveryFqdn": "discover.lab.example",
    "LiveCredentialEnabled": True,
    "ProxyEnabled": True,
    "SuppressXAnonymousTls": True,
    "SmtpUtf8Enabled": False,
    "BareLinefeedRejectionEnabled": True,
    "ExtendedProtectionPolicy": "Allow",
    "MaxAcknowledgementDelay": "00:00:10",
    "AuthTarpitInterval": "00:00:07",
    "MessageRateSource": "User",
    "AdvertiseClientSettings": True,
    "RejectReservedTopLevelRecipientDomains": True,
    "RejectReservedSecondLevelRecipientDomains": True,
    "RejectSingleLabelRecipientDomains": True,
}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_has_can_be_set_and_read(make_shell: MakeShell, version: str) -> None:
    shell = make_shell(servers=server(version, downgraded_exchange_auth=True))
    new_relay(shell)
    values = {name: value for name, value in EVERY_VALUE.items() if name in parameters_of(version)}
    if not values:
        assert version == "2007"
        return
    assert shell.call("Set-ReceiveConnector", r"EX1\Relay", **values).errors == []
    found = shell.one("Get-ReceiveConnector", r"EX1\Relay")
    assert {name: found[name] for name in values} == values


# --- Edge Transport --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameter", ["DomainController", "TransportRole"])
def test_parameters_that_edge_transport_lacks(make_shell: MakeShell, parameter: str) -> None:
    value = {"DomainController": "dc1.lab.example", "TransportRole": "HubTransport"}[parameter]
    identity = "Default internal receive connector EX1"
    shell = make_shell(servers=server("2019", "edge"))
    error = shell.refused("Set-ReceiveConnector", identity, **{parameter: value})
    assert error.error_id == "NamedParameterNotFound,Set-ReceiveConnector"

    shell = make_shell(servers=server("2019", "edge"), switches={"edge_parameters": "refused"})
    error = shell.refused("Set-ReceiveConnector", identity, **{parameter: value})
    assert error.message == f"The {parameter} parameter can't be used on an Edge Transport server."
    assert error.category == "InvalidData" and not error.terminating


def test_whether_edge_transport_shows_transport_roles(make_shell: MakeShell) -> None:
    for choice, expected in (("shown", {"HubTransport"}), ("hidden", {None})):
        shell = make_shell(servers=server("2019", "edge"), switches={"edge_transport_role": choice})
        assert {item.get("TransportRole") for item in connectors(shell).values()} == expected


def test_capabilities_of_a_version(make_shell: MakeShell) -> None:
    capability = ["partner.example:AcceptCloudServicesMail"]
    shell = make_shell(servers=server("2010"))
    new_relay(shell)
    error = shell.refused("Set-ReceiveConnector", r"EX1\Relay", TlsDomainCapabilities=capability)
    assert "AcceptCloudServicesMail" in error.message
    shell = make_shell(servers=server("2013"))
    assert new_relay(shell, TlsDomainCapabilities=capability)["TlsDomainCapabilities"] == capability
