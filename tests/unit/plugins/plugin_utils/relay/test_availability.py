# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions, roles and usages: what a server lacks is refused in one sentence, what it has goes where it belongs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import PROFILES
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import (
    BY_OPTION,
    PROPERTIES,
    VERSIONS,
    Property,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.availability import (
    transport_role_of_a_new_connector,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerFacts, ServerState
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import (
    parse_receive_connector,
    parse_receive_connector_throttling,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy

from .spellings import CERTIFIED, ISSUER

WHERE = {"bindings": "0.0.0.0:2526", "remote_ip_ranges": "10.0.0.1"}
# One valid declaration of every kind; words are the first that the property knows.
SAMPLES: dict[str, Any] = {
    "string": "text",
    "fqdn": "ex1.lab.example",
    "banner": "220 text",
    "bool": False,
    "timespan": "00:00:09",
    "size": "128KB",
    "ip_ranges": "10.0.0.1",
    "bindings": "0.0.0.0:2526",
    "accepted_domain": "lab.example",
    "certificate": f"<I>{','.join(ISSUER)}<S>{','.join(CERTIFIED[0])}",
    "tls_capabilities": "lab.example:AcceptOorgProtocol",
}


def facts(version: str = "2019", *roles: str) -> ServerFacts:
    """A server with these roles; with the roles of a Mailbox server of its version where none is named."""
    new = VERSIONS.index(version) >= VERSIONS.index("2013")
    held = set(roles) or {"mailbox", "client_access", "hub_transport"}
    return ServerFacts(
        "EX1",
        "ex1.lab.example",
        "CN=EX1,CN=Servers,DC=lab,DC=example",
        "",
        version,
        is_edge="edge" in held,
        is_hub_transport="hub_transport" in held or (new and "mailbox" in held),
        is_frontend_transport=new and "client_access" in held,
        is_mailbox="mailbox" in held,
        is_client_access="client_access" in held,
        domain_controller=None if "edge" in held else "dc1.lab.example",
    )


def plan(server: ServerFacts, **options: Any) -> list[Command]:
    desired = parse_receive_connector({"name": "Relay a", **options}, server.name)
    return [step.command for step in plan_server(desired, ServerState(server, ()), Policy()).steps]


def refused(server: ServerFacts, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        plan(server, **{**WHERE, **options})
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


def sample(row: Property) -> Any:
    if row.choices and row.kind in ("enum", "flags"):
        return row.choices[0]
    return SAMPLES.get(row.kind, row.maximum)


@pytest.mark.parametrize("row", [row for row in PROPERTIES if row.option != "name"], ids=lambda row: row.option)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("edge", [False, True], ids=["", "edge"])
def test_a_parameter_goes_where_it_exists_and_is_refused_where_not(row: Property, version: str, edge: bool) -> None:
    server = facts(version, "edge") if edge else facts(version)
    options = {**WHERE, row.option: sample(row)}
    if row.option == "connection_timeout":
        options["connection_inactivity_timeout"] = "00:00:08"
    if row.option == "binary_mime_enabled":
        options["chunking_enabled"] = True
    if row.option == "chunking_enabled":
        options["binary_mime_enabled"] = False
    if not row.available(version, edge):
        kind = "an Edge Transport server" if edge and row.available(version) else f"Exchange {version}"
        assert f"{row.option} cannot be declared, because {kind} does not have {row.exchange}" in refused(
            server, **options
        )
        return
    commands = plan(server, **options)
    assert commands[0].cmdlet == "New-ReceiveConnector"
    taking = [command for command in commands if command.has(row.exchange)]
    assert [command.cmdlet for command in taking] == ["New-ReceiveConnector" if row.on_new else "Set-ReceiveConnector"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("edge", [False, True], ids=["", "edge"])
def test_what_a_profile_names_and_the_server_lacks_is_left_out(profile: str, version: str, edge: bool) -> None:
    server = facts(version, "edge") if edge else facts(version)
    desired = parse_receive_connector_throttling({"connector": "Relay a", "profile": profile}, "EX1")
    found = plan_server(desired, ServerState(server, ()), Policy(absent_is_created=True))
    known = {row.exchange for row in PROPERTIES if row.available(version, edge)}
    sent = {name for step in found.steps for name, _value in step.command.parameters} - {"Identity", "DomainController"}
    assert sent <= known
    # What a new connector has anyway needs no command, in check mode as in the run that makes it first.
    wanted, default = (PROFILES[name].values_for(version, edge) for name in (profile, "exchange_default"))
    assert sent == {BY_OPTION[option].exchange for option, value in wanted.items() if default[option] != value}


@pytest.mark.parametrize(
    ("server", "options", "told"),
    [
        (
            facts("2013", "mailbox"),
            {"transport_role": "FrontendTransport"},
            "EX1 has no Client Access role and so no fr",
        ),
        (
            facts("2013", "client_access"),
            {"transport_role": "HubTransport"},
            "EX1 has no Mailbox role and so no Transp",
        ),
        (
            facts("2010", "client_access"),
            {},
            "no transport service and so no receive connectors; name a server with the role Hub",
        ),
        (facts("2007", "mailbox"), {"comment": "x"}, "EX1 has no transport service"),
        (
            facts("2019", "edge"),
            {"transport_role": "HubTransport"},
            "an Edge Transport server does not have TransportRole",
        ),
        (facts("2010", "edge"), {"transport_role": "HubTransport"}, "Exchange 2010 does not have TransportRole"),
        (
            facts("2019", "edge"),
            {"permission_groups": "ExchangeLegacyServers"},
            "an Edge Transport server does not know Exc",
        ),
        (
            facts("2019", "edge"),
            {"permission_groups": {"add": "ExchangeLegacyServers"}},
            "does not know ExchangeLegacyS",
        ),
        (
            facts("2010"),
            {"tls_domain_capabilities": "a.com:AcceptCloudServicesMail"},
            "Exchange 2010 does not know AcceptC",
        ),
        (facts("2019", "edge"), {"usage": "Client"}, "usage: Client is not for an Edge Transport server"),
    ],
)
def test_what_roles_and_versions_do_not_know_is_refused(
    server: ServerFacts, options: dict[str, Any], told: str
) -> None:
    assert told in refused(server, **options)


@pytest.mark.parametrize(
    ("server", "role"),
    [
        (facts("2007"), None),
        (facts("2010"), None),
        (facts("2019", "edge"), None),
        (facts("2013"), "FrontendTransport"),
        (facts("2013", "client_access"), "FrontendTransport"),
        (facts("2013", "mailbox"), "HubTransport"),
        (facts("2016"), "FrontendTransport"),
        (facts("SE"), "FrontendTransport"),
    ],
)
def test_a_new_connector_is_for_the_service_that_has_port_25(server: ServerFacts, role: str | None) -> None:
    assert transport_role_of_a_new_connector(server) == role
    [command] = plan(server, **WHERE)
    assert command.value("TransportRole") == role
    assert command.has("TransportRole") == (role is not None)
    assert command.has("DomainController") != server.is_edge


def test_removing_a_word_that_the_server_does_not_know_is_no_mistake() -> None:
    assert plan(facts("2019", "edge"), **WHERE, permission_groups={"remove": "ExchangeLegacyServers"})


# -- usages -----------------------------------------------------------------------------------------------------------

BOTH = ("Bindings", "RemoteIPRanges")


@pytest.mark.parametrize(
    ("usage", "options", "created", "set_afterwards"),
    [
        ("Custom", WHERE, BOTH, {}),
        ("Partner", WHERE, BOTH, {}),
        ("Internet", {"bindings": "0.0.0.0:2526"}, ("Bindings",), {}),
        ("Internet", {**WHERE, "remote_ip_ranges": "0.0.0.0-255.255.255.255"}, ("Bindings",), {}),
        ("Client", {"remote_ip_ranges": "10.0.0.1"}, ("RemoteIPRanges",), {}),
        ("Client", {**WHERE, "bindings": "0.0.0.0:587"}, ("RemoteIPRanges",), {}),
        ("Client", WHERE, ("RemoteIPRanges",), {"Bindings": ("0.0.0.0:2526",), "Enabled": True}),
        ("Internal", WHERE, ("RemoteIPRanges",), {"Bindings": ("0.0.0.0:2526",), "Enabled": True}),
        ("Internal", {**WHERE, "enabled": False}, ("RemoteIPRanges",), {"Bindings": ("0.0.0.0:2526",)}),
    ],
)
def test_each_usage_is_told_what_it_takes(
    usage: str, options: dict[str, Any], created: tuple[str, ...], set_afterwards: dict[str, Any]
) -> None:
    new, *later = plan(facts(), usage=usage, **options)
    assert new.value("Usage") == usage
    assert tuple(name for name in BOTH if new.has(name)) == created
    # Whatever is not right yet answers nobody.
    assert new.value("Enabled") is (False if set_afterwards or options.get("enabled") is False else None)
    sent = {name: value for command in later for name, value in command.parameters}
    assert {name: sent[name] for name in sent if name not in ("Identity", "DomainController")} == set_afterwards


@pytest.mark.parametrize(
    ("usage", "options", "told"),
    [
        ("Custom", {"remote_ip_ranges": None}, "a new one needs remote_ip_ranges"),
        ("Custom", {"bindings": None}, "a new one needs bindings"),
        ("Partner", {"bindings": None}, "a new one needs bindings"),
        ("Internet", {"bindings": None, "remote_ip_ranges": None}, "a new one needs bindings"),
        ("Client", {"remote_ip_ranges": None}, "a new one needs remote_ip_ranges"),
        ("Internal", {"remote_ip_ranges": []}, "a new one needs remote_ip_ranges"),
        ("Internet", {}, "remote_ip_ranges: a new connector of usage Internet is for everybody"),
        # What the usage seeds counts in the rules about two properties.
        (
            "Internal",
            {"auth_mechanism": "ExternalAuthoritative, Integrated"},
            "ExternalAuthoritative goes only with Tls",
        ),
        ("Internal", {"fqdn": "relay.lab.example"}, "fqdn: with ExchangeServer in auth_mechanism only"),
        ("Partner", {"auth_mechanism": "ExternalAuthoritative"}, "needs ExchangeServers in permission_groups"),
        ("Client", {"auth_mechanism": {"remove": "BasicAuth"}}, "BasicAuthRequireTLS needs BasicAuth"),
        (
            "Internet",
            {"remote_ip_ranges": None, "auth_mechanism": "None", "require_tls": True},
            "require_tls: true needs Tls",
        ),
    ],
)
def test_what_a_usage_needs_or_forbids_is_told(usage: str, options: dict[str, Any], told: str) -> None:
    assert told in refused(facts(), usage=usage, **options)


@pytest.mark.parametrize(
    ("usage", "options"),
    [
        ("Internal", {"auth_mechanism": "ExternalAuthoritative, Tls"}),
        ("Internal", {"fqdn": "ex1.lab.example"}),
        ("Client", {"auth_mechanism": {"remove": ["BasicAuth", "BasicAuthRequireTLS"]}}),
        ("Partner", {"require_tls": True}),
    ],
)
def test_what_a_usage_seeds_counts_as_there(usage: str, options: dict[str, Any]) -> None:
    assert plan(facts(), usage=usage, **WHERE, **options)
    if isinstance(options.get("auth_mechanism"), dict):
        assert plan(facts(), usage=usage, **WHERE, **options)[0].value("AuthMechanism") == ("Tls", "Integrated")
