# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""New-ReceiveConnector: what usages seed, what they require, and every rule a new connector must keep."""

from __future__ import annotations

import pytest

from .conftest import MakeShell, Shell

EX1_SERVERS = (
    "CN=EX1,CN=Servers,CN=Exchange Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups,"
    "CN=Lab Organization,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=lab,DC=example"
)


def test_a_new_custom_connector(shell: Shell) -> None:
    made = shell.relay(RemoteIPRanges=["192.168.4.17", "10.1.0.0/16", "fd00::/64"], Bindings=["0.0.0.0:25", "[::]:25"])
    assert made["Identity"] == r"EX1\Relay"
    assert made["DistinguishedName"] == f"CN=Relay,CN=SMTP Receive Connectors,CN=Protocols,{EX1_SERVERS}"
    assert made["Server"] == "EX1"
    assert made["PermissionGroups"] == "None", "a custom connector accepts nobody until a group is added"
    assert made["AuthMechanism"] == "Tls"
    assert made["TransportRole"] == "FrontendTransport"
    assert made["Enabled"] is True
    assert made["Fqdn"] == "ex1.lab.example"
    # The directory does not keep the order of the input.
    assert made["RemoteIPRanges"] == ["fd00::/64", "10.1.0.0/16", "192.168.4.17"]
    assert made["Bindings"] == ["[::]:25", "0.0.0.0:25"]
    assert made["OriginatingServer"] == "dc1.lab.example"
    assert shell.one("Get-ReceiveConnector", r"EX1\Relay") == made


def test_defaults_of_a_new_connector(shell: Shell) -> None:
    made = shell.relay()
    expected = {
        "ConnectionTimeout": "00:10:00",
        "ConnectionInactivityTimeout": "00:05:00",
        "TarpitInterval": "00:00:05",
        "MaxAcknowledgementDelay": "00:00:30",
        "MaxInboundConnection": "5000",
        "MaxInboundConnectionPerSource": "20",
        "MaxInboundConnectionPercentagePerSource": 2,
        "MessageRateLimit": "Unlimited",
        "MessageRateSource": "IPAddress",
        "MaxMessageSize": "36 MB (37,748,736 bytes)",
        "MaxHeaderSize": "256 KB (262,144 bytes)",
        "MaxRecipientsPerMessage": 200,
        "ProtocolLoggingLevel": "None",
        "SizeEnabled": "Enabled",
        "Banner": "",
        "Comment": "",
    }
    assert {name: made[name] for name in expected} == expected


def test_everything_may_come_in_the_same_call(shell: Shell) -> None:
    made = shell.relay(
        Enabled=False,
        PermissionGroups="AnonymousUsers",
        AuthMechanism="Tls",
        Comment="for printers",
        Banner="220 relay",
        ProtocolLoggingLevel="Verbose",
        TarpitInterval="00:00:00",
        MaxInboundConnection="10000",
        MaxInboundConnectionPerSource="unlimited",
        MaxInboundConnectionPercentagePerSource=100,
        ConnectionTimeout="00:30:00",
        ConnectionInactivityTimeout="00:20:00",
        MaxMessageSize="10MB",
        Fqdn="smtp.lab.example",
    )
    assert made["Enabled"] is False
    assert made["PermissionGroups"] == "AnonymousUsers"
    assert made["MaxInboundConnectionPerSource"] == "Unlimited"
    assert made["ConnectionInactivityTimeout"] == "00:20:00"
    assert made["MaxMessageSize"] == "10 MB (10,485,760 bytes)"
    assert made["Fqdn"] == "smtp.lab.example"


# --- usage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "parameters", "groups", "mechanism", "bindings", "ranges"),
    [
        (
            "Custom",
            {"Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]},
            "None",
            "Tls",
            "0.0.0.0:26",
            "10.0.0.1",
        ),
        (
            "Partner",
            {"Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]},
            "Partners",
            "Tls",
            "0.0.0.0:26",
            "10.0.0.1",
        ),
        ("Internet", {"Bindings": ["0.0.0.0:26"]}, "AnonymousUsers", "Tls", "0.0.0.0:26", "0.0.0.0-255.255.255.255"),
        (
            "Internal",
            {"RemoteIPRanges": ["10.0.0.1"]},
            "ExchangeServers, ExchangeLegacyServers",
            "Tls, ExchangeServer",
            "0.0.0.0:25",
            "10.0.0.1",
        ),
        (
            "Client",
            {"RemoteIPRanges": ["10.0.0.1"]},
            "ExchangeUsers",
            "Tls, Integrated, BasicAuth, BasicAuthRequireTLS",
            "0.0.0.0:587",
            "10.0.0.1",
        ),
    ],
)
@pytest.mark.parametrize("as_switch", [False, True])
def test_what_a_usage_seeds(
    shell: Shell,
    usage: str,
    parameters: dict[str, object],
    groups: str,
    mechanism: str,
    bindings: str,
    ranges: str,
    as_switch: bool,
) -> None:
    chosen: dict[str, object] = {usage: True} if as_switch else {"Usage": usage}
    made = shell.one("New-ReceiveConnector", Name="New", TransportRole="FrontendTransport", **chosen, **parameters)
    assert (made["PermissionGroups"], made["AuthMechanism"]) == (groups, mechanism)
    assert (made["Bindings"], made["RemoteIPRanges"]) == ([bindings], [ranges])


def test_a_usage_is_mandatory_and_only_one(shell: Shell) -> None:
    parameters = {"Name": "New", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]}
    assert (
        shell.refused("New-ReceiveConnector", **parameters).error_id == "MissingMandatoryParameter,New-ReceiveConnector"
    )
    for both in ({"Usage": "Custom", "Custom": True}, {"Partner": True, "Custom": True}):
        assert (
            shell.refused("New-ReceiveConnector", **parameters, **both).error_id
            == "AmbiguousParameterSet,New-ReceiveConnector"
        )


@pytest.mark.parametrize("missing", ["Bindings", "RemoteIPRanges"])
def test_what_a_usage_requires(shell: Shell, missing: str) -> None:
    parameters: dict[str, object] = {"Name": "New", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]}
    del parameters[missing]
    # With the switch PowerShell would ask; nobody is there to answer.
    error = shell.refused("New-ReceiveConnector", Custom=True, **parameters)
    assert error.error_id == "MissingMandatoryParameter,New-ReceiveConnector"
    assert error.message.endswith(f"{missing}.")
    error = shell.refused("New-ReceiveConnector", Usage="Custom", **parameters)
    assert "FailureCategory=Cmdlet-DataValidationException" in error.error_id
    assert missing in error.message


def test_what_a_usage_forbids(shell: Shell) -> None:
    parameters = {"Name": "New", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]}
    for usage in ("Internet", "Client", "Internal"):
        assert "cannot be used" in shell.refused("New-ReceiveConnector", Usage=usage, **parameters).message


def test_bindings_with_client_and_internal_by_switch(make_shell: MakeShell) -> None:
    shell = make_shell(switches={"usage_bindings": True})
    made = shell.one(
        "New-ReceiveConnector",
        Name="New",
        Usage="Client",
        Bindings=["0.0.0.0:26"],
        RemoteIPRanges=["10.0.0.1"],
        TransportRole="FrontendTransport",
    )
    assert made["Bindings"] == ["0.0.0.0:26"]


# --- server, name, role ----------------------------------------------------------------------------------------------


def test_without_a_server_the_executing_one_is_meant(shell: Shell) -> None:
    parameters = {"Name": "New", "Usage": "Custom", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]}
    assert shell.on("EX2").one("New-ReceiveConnector", **parameters)["Identity"] == r"EX2\New"


@pytest.mark.parametrize("server", ["ex2", "EX2.lab.example", EX1_SERVERS.replace("EX1", "EX2")])
def test_a_server_by_any_of_its_names(shell: Shell, server: str) -> None:
    assert shell.relay(Server=server)["Identity"] == r"EX2\Relay"


def test_an_unknown_server(shell: Shell) -> None:
    error = shell.refused(
        "New-ReceiveConnector",
        Name="New",
        Usage="Custom",
        Server="EX9",
        Bindings=["0.0.0.0:26"],
        RemoteIPRanges=["10.0.0.1"],
    )
    assert (
        error.message
        == "The operation couldn't be performed because object 'EX9' couldn't be found on 'dc1.lab.example'."
    )


def test_names_are_unique_on_a_server_and_only_there(shell: Shell) -> None:
    shell.relay()
    error = shell.refused(
        "New-ReceiveConnector",
        Name="rELAY",
        Usage="Custom",
        Server="EX1",
        Bindings=["0.0.0.0:26"],
        RemoteIPRanges=["10.0.0.1"],
    )
    assert "Cmdlet-ADObjectAlreadyExistsException" in error.error_id
    assert "already exists" in error.message
    assert shell.relay(Server="EX2")["Identity"] == r"EX2\Relay"


@pytest.mark.parametrize("name", ["x" * 65, " leading", "trailing ", "line\nbreak", "tab\tname"])
def test_names_that_are_refused(shell: Shell, name: str) -> None:
    error = shell.refused(
        "New-ReceiveConnector", Name=name, Usage="Custom", Bindings=["0.0.0.0:26"], RemoteIPRanges=["10.0.0.1"]
    )
    assert "Property = Name" in error.message


def test_names_that_need_escapes(shell: Shell) -> None:
    made = shell.relay(Name='Relay, "external" + more')
    assert str(made["DistinguishedName"]).startswith(r"CN=Relay\, \"external\" \+ more,CN=SMTP Receive Connectors")
    assert shell.one("Get-ReceiveConnector", made["DistinguishedName"])["Name"] == 'Relay, "external" + more'
    assert shell.relay(Name="x" * 64, RemoteIPRanges=["10.2.0.0/16"])["Name"] == "x" * 64


def test_an_omitted_role_is_hub_transport(shell: Shell) -> None:
    error = shell.refused(
        "New-ReceiveConnector", Name="New", Usage="Custom", Bindings=["0.0.0.0:25"], RemoteIPRanges=["10.0.0.1"]
    )
    assert "ReceiveConnectorRoleConflictException" in error.error_id
    made = shell.one(
        "New-ReceiveConnector", Name="New", Usage="Custom", Bindings=["0.0.0.0:26"], RemoteIPRanges=["10.0.0.1"]
    )
    assert made["TransportRole"] == "HubTransport"


@pytest.mark.parametrize("role", ["Mailbox", "None", "HubTransport,FrontendTransport"])
def test_other_roles_are_refused(shell: Shell, role: str) -> None:
    error = shell.refused(
        "New-ReceiveConnector",
        Name="New",
        Usage="Custom",
        Bindings=["0.0.0.0:26"],
        RemoteIPRanges=["10.0.0.1"],
        TransportRole=role,
    )
    assert "TransportRole" in error.message


def test_what_if_checks_and_creates_nothing(shell: Shell) -> None:
    before = shell.state()
    parameters = {"Name": "New", "Usage": "Custom", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]}
    outcome = shell.call("New-ReceiveConnector", **parameters, WhatIf=True)
    assert (outcome.output, outcome.errors, outcome.warnings) == ([], [], [])
    assert shell.state() == before
    shell.refused("New-ReceiveConnector", **{**parameters, "Bindings": ["0.0.0.0:25"]}, WhatIf=True)
    assert len(shell.objects("New-ReceiveConnector", **parameters, WhatIf=False)) == 1


def test_a_confirmation_without_a_host(shell: Shell) -> None:
    parameters = {"Name": "New", "Usage": "Custom", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]}
    error = shell.refused("New-ReceiveConnector", **parameters, Confirm=True)
    assert error.exception_type == "System.Management.Automation.Host.HostException"
    assert error.terminating


def test_the_domain_controller_is_named_and_must_exist(shell: Shell) -> None:
    assert shell.relay(DomainController="DC2.lab.example")["OriginatingServer"] == "dc2.lab.example"
    error = shell.refused("Get-ReceiveConnector", DomainController="dc9.lab.example")
    assert "suitability of server 'dc9.lab.example'" in error.message
    assert shell.refused("Get-ReceiveConnector", DomainController="dc1").error_id.startswith("[Server=EX1")
