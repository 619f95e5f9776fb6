# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules a connector must keep: what may be combined, and the limits of every property."""

from __future__ import annotations

import pytest

from .conftest import Shell


@pytest.mark.parametrize(
    "legal",
    [
        {"AuthMechanism": "ExternalAuthoritative", "PermissionGroups": "ExchangeServers"},
        {"AuthMechanism": "Tls,ExternalAuthoritative", "PermissionGroups": "ExchangeServers,AnonymousUsers"},
        {"AuthMechanism": "Tls,BasicAuth,BasicAuthRequireTLS"},
        {"AuthMechanism": "None"},
        {"AuthMechanism": "Tls", "RequireTLS": True},
        {"AuthMechanism": "Tls", "DomainSecureEnabled": True},
        {"AuthMechanism": "Tls,ExchangeServer", "Fqdn": "EX1"},
        {"AuthMechanism": "Tls,ExchangeServer", "Fqdn": "EX1.lab.example"},
        {"AuthMechanism": "Tls,ExchangeServer", "Fqdn": None},
        {"AuthMechanism": "Tls", "Fqdn": "smtp.other.example"},
        {"BinaryMimeEnabled": False, "ChunkingEnabled": False},
        {"Banner": "220 hello"},
        {"Banner": None},
        {"ConnectionTimeout": "1.00:00:00", "ConnectionInactivityTimeout": "23:59:59"},
        {"DefaultDomain": "lab.example"},
        {"LongAddressesEnabled": True, "TransportRole": "HubTransport", "Bindings": ["0.0.0.0:2600"]},
        {"RemoteIPRanges": ["10.0.0.0/8", "10.1.0.0/16", "10.0.0.200-10.3.0.0"]},
    ],
)
def test_legal_combinations(shell: Shell, legal: dict[str, object]) -> None:
    shell.relay(**legal)


@pytest.mark.parametrize(
    ("illegal", "text"),
    [
        ({"AuthMechanism": "BasicAuthRequireTLS"}, "BasicAuthRequireTLS"),
        ({"AuthMechanism": "BasicAuth,BasicAuthRequireTLS"}, "BasicAuthRequireTLS"),
        ({"AuthMechanism": "BasicAuth", "RequireTLS": True}, "RequireTLS"),
        ({"AuthMechanism": "ExternalAuthoritative"}, "ExchangeServers"),
        ({"AuthMechanism": "ExternalAuthoritative", "PermissionGroups": "AnonymousUsers"}, "ExchangeServers"),
        ({"AuthMechanism": "ExternalAuthoritative,BasicAuth", "PermissionGroups": "ExchangeServers"}, "Tls"),
        (
            {
                "AuthMechanism": "Tls,ExternalAuthoritative",
                "PermissionGroups": "ExchangeServers",
                "DomainSecureEnabled": True,
            },
            "DomainSecureEnabled",
        ),
        ({"AuthMechanism": "BasicAuth", "DomainSecureEnabled": True}, "DomainSecureEnabled"),
        (
            {"AuthMechanism": "Tls,ExchangeServer", "Fqdn": "smtp.lab.example"},
            'the NetBios name of the transport server "EX1", or $null.',
        ),
        ({"BinaryMimeEnabled": True, "ChunkingEnabled": False}, "ChunkingEnabled"),
        ({"Banner": "hello"}, "220"),
        ({"Banner": "220"}, "220"),
        ({"ConnectionTimeout": "00:05:00"}, "ConnectionInactivityTimeout"),
        ({"ConnectionInactivityTimeout": "00:10:00"}, "ConnectionTimeout"),
        ({"LongAddressesEnabled": True}, "LongAddressesEnabled"),
        ({"SuppressXAnonymousTls": True}, "UseDowngradedExchangeServerAuth"),
        ({"PermissionGroups": "AnonymousUsers,Custom"}, "Custom"),
        ({"DefaultDomain": "other.example"}, "couldn't be found"),
        ({"RemoteIPRanges": ["10.0.0.1", "10.0.0.1/32"]}, "already present"),
        ({"Bindings": ["0.0.0.0:26", "0.0.0.0:26"]}, "already present"),
    ],
)
def test_illegal_combinations(shell: Shell, illegal: dict[str, object], text: str) -> None:
    parameters: dict[str, object] = {
        "Name": "New",
        "Usage": "Custom",
        "Server": "EX1",
        "Bindings": ["0.0.0.0:25"],
        "RemoteIPRanges": ["10.1.0.0/16"],
        "TransportRole": "FrontendTransport",
    }
    error = shell.refused("New-ReceiveConnector", **{**parameters, **illegal})
    assert text in error.message
    assert not error.terminating, "Exchange's own errors arrive on the error stream"
    assert error.activity == "New-ReceiveConnector"
    assert error.error_id.endswith(",Microsoft.Exchange.Management.SystemConfigurationTasks.NewReceiveConnector")
    assert error.error_id.startswith("[Server=EX1,RequestId=")


LIMITS = [
    ("MaxInboundConnection", ["1", "2147483647", "unlimited"], ["0", "-1"]),
    ("MaxInboundConnectionPerSource", ["1", "10000", "unlimited"], ["0", "10001"]),
    ("MaxInboundConnectionPercentagePerSource", [1, 100], [0, 101]),
    ("MessageRateLimit", ["1", "unlimited"], ["0"]),
    ("MaxMessageSize", ["65536", "2147483647"], ["65535", "2GB"]),
    ("MaxHeaderSize", ["1", "2147483647"], ["0"]),
    ("MaxRecipientsPerMessage", [1, 512000], [0, 512001]),
    ("MaxProtocolErrors", ["0", "unlimited"], ["-1"]),
    ("MaxLogonFailures", [0, 10], [-1, 11]),
    ("MaxHopCount", [1, 500], [0, 501]),
    ("MaxLocalHopCount", [0, 50], [-1, 51]),
    ("TarpitInterval", ["00:00:00", "00:10:00"], ["00:10:01", "-00:00:01", "30"]),
    ("AuthTarpitInterval", ["00:00:00"], ["-00:00:01"]),
    ("MaxAcknowledgementDelay", ["00:00:00"], ["-00:00:01"]),
    ("ConnectionTimeout", ["00:05:01", "1.00:00:00"], ["00:00:00", "1.00:00:01"]),
    ("ConnectionInactivityTimeout", ["00:00:01", "00:09:59"], ["00:00:00", "2.00:00:00"]),
]


@pytest.mark.parametrize(("name", "inside", "outside"), LIMITS, ids=[name for name, _, _ in LIMITS])
def test_limits(shell: Shell, name: str, inside: list[object], outside: list[object]) -> None:
    for number, value in enumerate(inside):
        shell.relay(**{"Name": f"Relay {number}", "RemoteIPRanges": [f"10.1.0.{number}"], name: value})
    for value in outside:
        error = shell.refused(
            "New-ReceiveConnector",
            **{
                "Name": "New",
                "Usage": "Custom",
                "Bindings": ["0.0.0.0:26"],
                "RemoteIPRanges": ["10.0.0.1"],
                name: value,
            },
        )
        assert f"Property = {name} " in error.message, value
        assert "out of range" in error.message
