# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PowerShell's binder: what a client may write, and PowerShell's own errors for the rest."""

from __future__ import annotations

import pytest

from .conftest import Shell

RELAY = {
    "Name": "Relay",
    "Usage": "Custom",
    "Bindings": ["0.0.0.0:25"],
    "RemoteIPRanges": ["10.1.0.0/16"],
    "TransportRole": "FrontendTransport",
}


def test_an_unknown_cmdlet(shell: Shell) -> None:
    error = shell.refused("Get-Nonsense")
    assert error.error_id == "CommandNotFoundException"
    assert error.category == "ObjectNotFound"
    assert error.terminating
    assert error.message.startswith("The term 'Get-Nonsense' is not recognized as the name of a cmdlet")


def test_an_unknown_parameter(shell: Shell) -> None:
    error = shell.refused("Set-ReceiveConnector", r"EX1\Default EX1", Colour="red")
    assert error.message == "A parameter cannot be found that matches parameter name 'Colour'."
    assert error.error_id == "NamedParameterNotFound,Set-ReceiveConnector"
    assert error.exception_type == "System.Management.Automation.ParameterBindingException"
    assert error.terminating


@pytest.mark.parametrize("name", ["SmtpUtf8Enabled", "BareLinefeedRejectionEnabled"])
def test_some_parameters_exist_only_on_set(shell: Shell, name: str) -> None:
    assert shell.refused("New-ReceiveConnector", **RELAY, **{name: True}).error_id.startswith("NamedParameterNotFound")
    shell.objects(
        "Set-ReceiveConnector", r"EX1\Default EX1", **{name: name == "BareLinefeedRejectionEnabled"} | {"Comment": "x"}
    )


@pytest.mark.parametrize("name", ["Usage", "Server", "Custom", "LiveCredentialEnabled", "ProxyEnabled"])
def test_some_parameters_do_not_exist_on_set(shell: Shell, name: str) -> None:
    error = shell.refused("Set-ReceiveConnector", r"EX1\Default EX1", **{name: True})
    assert error.error_id == "NamedParameterNotFound,Set-ReceiveConnector"


def test_names_are_matched_without_case_and_by_prefix(shell: Shell) -> None:
    assert len(shell.objects("get-receiveconnector", server="ex1")) == 5
    assert len(shell.objects("Get-ReceiveConnector", **{"Ser": "EX1"})) == 5
    shell.objects("Set-ReceiveConnector", r"EX1\Default EX1", **{"-Comment:": "dashes and colons do no harm"})


def test_an_ambiguous_prefix(shell: Shell) -> None:
    error = shell.refused("Set-ReceiveConnector", r"EX1\Default EX1", MaxInbound=5)
    assert error.error_id == "AmbiguousParameter,Set-ReceiveConnector"
    assert "-MaxInboundConnection -MaxInboundConnectionPerSource" in error.message


def test_a_parameter_given_twice(shell: Shell) -> None:
    error = shell.refused("Get-ReceiveConnector", **{"Server": "EX1", "server": "EX2"})
    assert error.error_id == "ParameterAlreadyBound,Get-ReceiveConnector"


def test_positions(shell: Shell) -> None:
    assert shell.one("Get-ReceiveConnector", r"EX1\Default EX1")["Name"] == "Default EX1"
    error = shell.refused("Get-ReceiveConnector", r"EX1\Default EX1", "more")
    assert error.error_id == "PositionalParameterNotFound,Get-ReceiveConnector"
    parameters = {key: value for key, value in RELAY.items() if key != "Name"}
    assert shell.one("New-ReceiveConnector", "By position", **parameters)["Name"] == "By position"


@pytest.mark.parametrize(
    ("cmdlet", "missing"),
    [
        ("New-ReceiveConnector", "Name"),
        ("Set-ReceiveConnector", "Identity"),
        ("Remove-ReceiveConnector", "Identity"),
        ("Add-ADPermission", "Identity"),
        ("Get-ADPermission", "Identity"),
        ("Get-ServerComponentState", "Identity"),
    ],
)
def test_missing_mandatory_parameters(shell: Shell, cmdlet: str, missing: str) -> None:
    error = shell.refused(cmdlet)
    assert error.error_id == f"MissingMandatoryParameter,{cmdlet}"
    assert error.message.endswith(f"missing mandatory parameters: {missing}.")


@pytest.mark.parametrize(
    ("value", "error_id"),
    [
        (None, "ParameterArgumentValidationErrorNullNotAllowed,Set-ReceiveConnector"),
        ("", "ParameterArgumentValidationErrorEmptyStringNotAllowed,Set-ReceiveConnector"),
    ],
)
def test_an_identity_of_nothing(shell: Shell, value: object, error_id: str) -> None:
    assert shell.refused("Set-ReceiveConnector", Identity=value, Comment="x").error_id == error_id


def test_empty_lists_do_not_bind_to_new(shell: Shell) -> None:
    error = shell.refused("New-ReceiveConnector", **{**RELAY, "Bindings": []})
    assert error.message == "Cannot bind argument to parameter 'Bindings' because it is an empty collection."
    assert error.error_id == "ParameterArgumentValidationErrorEmptyCollectionNotAllowed,New-ReceiveConnector"
    error = shell.refused("New-ReceiveConnector", **{**RELAY, "RemoteIPRanges": None})
    assert error.error_id == "ParameterArgumentValidationErrorNullNotAllowed,New-ReceiveConnector"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Enabled", "true"),
        ("Enabled", "$true"),
        ("Enabled", None),
        ("MaxHopCount", "many"),
        ("MaxHopCount", None),
        ("MaxInboundConnection", "lots"),
        ("MaxInboundConnection", None),
        ("ConnectionTimeout", "ten minutes"),
        ("ConnectionTimeout", 600),
        ("MaxMessageSize", "36 XB"),
        ("Fqdn", "not a name"),
        ("TransportRole", "Frontend"),
        ("AuthMechanism", "Tls,Magic"),
        ("AuthMechanism", "None,Tls"),
        ("PermissionGroups", "Everybody"),
        ("RemoteIPRanges", ["10.0.0.0/40"]),
        ("RemoteIPRanges", ["10.0.0.9-10.0.0.1"]),
        ("RemoteIPRanges", "10.0.0.1,10.0.0.2"),
        ("Bindings", ["0.0.0.0"]),
        ("SizeEnabled", "Sometimes"),
        ("TlsDomainCapabilities", ["a.example:Nothing"]),
        ("TlsCertificateName", "CN=relay"),
        ("DomainController", "dc1 lab example"),
        ("WhatIf", "yes"),
    ],
)
def test_values_that_cannot_be_converted(shell: Shell, name: str, value: object) -> None:
    error = shell.refused("Set-ReceiveConnector", r"EX1\Default Frontend EX1", **{name: value})
    assert error.error_id == "ParameterArgumentTransformationError,Set-ReceiveConnector"
    assert error.category == "InvalidData"
    assert error.message.startswith(f"Cannot process argument transformation on parameter '{name}'.")
    assert error.terminating


def test_no_cmdlet_takes_scripts_as_values(shell: Shell) -> None:
    shell.objects("Set-ReceiveConnector", r"EX1\Default EX1", Comment="$(Get-Process); 'quoted'")
    assert shell.one("Get-ReceiveConnector", r"EX1\Default EX1")["Comment"] == "$(Get-Process); 'quoted'"


def test_common_parameters_bind_everywhere(shell: Shell) -> None:
    for name in ("Verbose", "Debug"):
        shell.objects("Get-ReceiveConnector", Server="EX1", **{name: True})
    shell.objects("Get-ReceiveConnector", Server="EX1", OutVariable="x", WarningAction="Continue")
    assert shell.refused("Get-ReceiveConnector", WhatIf=True).error_id.startswith("NamedParameterNotFound")
