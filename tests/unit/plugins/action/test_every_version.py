# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What receive_connector_info shows of every default connector of every version and role, given back, changes nothing.

The servers are those of the lab's mixed organisation: 2007 to Subscription Edition, split roles, Edge Transport
servers, and servers that speak German and French.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION
from exchange_lab.lab import Lab
from exchange_lab.wsman.security import ConnectionSecurity

from .conftest import Actions

MIXED = "tests/lab/labs/mixed.yml"


def mixed(root: Any) -> dict[str, Any]:
    """The lab of the mixed organisation with any free ports, and NTLM alone."""
    config: dict[str, Any] = yaml.safe_load((root / MIXED).read_text(encoding="utf-8"))
    del config["kerberos"]
    config["dns"] = {"address": "127.0.0.1", "port": 0, "zone": config["organization"]["domain"]}
    for server in config["servers"].values():
        server.update(port=0, smtp_port=0, auth=["ntlm"])
    return config


SERVERS: tuple[tuple[str, set[str]], ...] = (
    ("EX07", {"Default EX07", "Client EX07"}),
    ("EX10", {"Default EX10", "Client EX10"}),
    ("CAS13", {"Default Frontend CAS13", "Client Frontend CAS13", "Outbound Proxy Frontend CAS13"}),
    ("MBX13", {"Default MBX13", "Client Proxy MBX13"}),
    *(
        (
            name,
            {f"{kind} {name}" for kind in ("Default", "Client Proxy")}
            | {f"{kind} Frontend {name}" for kind in ("Default", "Client", "Outbound Proxy")},
        )
        for name in ("EX16", "EX19", "EXSE")
    ),
    ("EDGE10", {"Default internal receive connector EDGE10"}),
    ("EDGESE", {"Default internal receive connector EDGESE"}),
)


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        # The snap-in of 2007 asks Active Directory in the account's name, for which a session of NTLM will not do. How
        # sessions are opened is no matter here; the plays of tests/integration open them with Kerberos delegation.
        patch.setattr(ConnectionSecurity, "delegated", True)
        with Lab.from_config(mixed(pytestconfig.rootpath), tmp_path_factory.mktemp("mixed") / "lab") as lab:
            yield lab


def test_every_server_of_the_organisation_is_asked(pytestconfig: pytest.Config) -> None:
    assert {name for name, _connectors in SERVERS} == set(mixed(pytestconfig.rootpath)["servers"])


@pytest.mark.parametrize(("server", "connectors"), SERVERS)
def test_what_is_shown_of_a_default_connector_is_what_it_is(
    organisation: Lab, server: str, connectors: set[str]
) -> None:
    actions = Actions(organisation, server)
    mark = actions.mark()
    result = actions("receive_connector_info")
    assert "failed" not in result, result["msg"]
    assert {one["name"] for one in result["receive_connectors"]} == connectors
    assert actions("receive_connector_info", include_default=False)["receive_connectors"] == []
    for one in result["receive_connectors"]:
        for task, options in (
            ("receive_connector", one["options"]),
            ("receive_connector", {**one["options"], "guid": one["guid"]}),
            ("receive_connector_permission", {**one["permissions"], "exclusive": True}),
        ):
            again = actions(task, **options)
            assert "failed" not in again, again["msg"]
            assert (again["changed"], again["commands"], again["diff"]) == (False, [], {"before": "", "after": ""})
    assert actions.writes(mark) == []


@pytest.mark.parametrize("server", ["EX07", "CAS13", "EDGESE"])
def test_what_is_shown_of_a_connector_makes_it_again(organisation: Lab, server: str) -> None:
    """A backup: the connector is removed, made again from what was shown of it, and shown the same."""
    actions = Actions(organisation, server)
    made = {
        "name": "Scanners",
        "bindings": ["0.0.0.0:2526"],
        "remote_ip_ranges": ["10.31.0.0/24", "10.31.4.7"],
        "permission_groups": ["AnonymousUsers"],
        "max_message_size": "70000B",
        "max_inbound_connection_per_source": "unlimited",
        "comment": "Scan to mail",
    }
    assert actions("receive_connector", **made)["changed"]
    [first] = actions("receive_connector_info", name="Scanners")["receive_connectors"]
    assert actions("receive_connector", name="Scanners", state="absent")["changed"]
    again = actions("receive_connector", **first["options"])
    assert again["changed"], again
    assert not actions("receive_connector", **first["options"])["changed"]
    [second] = actions("receive_connector_info", name="Scanners")["receive_connectors"]
    assert second["options"] == first["options"]
    assert actions("receive_connector", name="Scanners", state="absent")["changed"]


@pytest.mark.parametrize("server", ["EX07", "EX10", "EXSE", "EDGESE"])
def test_exchange_default_is_what_a_new_connector_has(organisation: Lab, server: str) -> None:
    """So check mode, where the connector is not made yet, says what the run will do: nothing."""
    actions = Actions(organisation, server)
    name = "New"
    profile = {"connector": name, "profile": "exchange_default"}
    checked = actions("receive_connector_throttling", check=True, **profile)
    assert (checked["changed"], checked["commands"]) == (False, [])
    actions("receive_connector", name=name, bindings=["0.0.0.0:2529"], remote_ip_ranges=["10.34.0.1"])
    assert not actions("receive_connector_throttling", **profile)["changed"]
    assert actions("receive_connector", name=name, state="absent")["changed"]


@pytest.mark.parametrize(
    ("server", "option", "value"),
    [
        ("EX07", "message_rate_source", "User"),
        ("EX07", "tls_domain_capabilities", "contoso.com:AcceptOorgProtocol"),
        ("EX10", "transport_role", "HubTransport"),
        ("EX10", "tls_certificate_name", "<I>CN=a<S>CN=b"),
        ("CAS13", "auth_tarpit_interval", "00:00:01"),
        ("MBX13", "transport_role", "FrontendTransport"),
        ("EX16", "proxy_enabled", True),
        ("EXSE", "live_credential_enabled", True),
        ("EDGESE", "transport_role", "FrontendTransport"),
    ],
)
def test_what_a_server_lacks_is_refused_before_anything_is_written(
    organisation: Lab, server: str, option: str, value: object
) -> None:
    actions = Actions(organisation, server)
    mark = actions.mark()
    where = {"bindings": ["0.0.0.0:2526"], "remote_ip_ranges": ["10.31.0.0/24"]}
    result = actions("receive_connector", name="Scanners", **where, **{option: value})
    assert result["failed"]
    assert option in result["msg"]
    assert BY_OPTION[option].exchange in result["msg"] or str(value) in result["msg"]
    assert actions.writes(mark) == []


@pytest.mark.parametrize("usage", ["Custom", "Client", "Internal", "Internet", "Partner"])
@pytest.mark.parametrize("server", ["MBX13", "EDGE10"])
def test_every_usage_on_servers_of_every_kind(organisation: Lab, server: str, usage: str) -> None:
    actions = Actions(organisation, server)
    options: dict[str, Any] = {"name": usage, "usage": usage, "bindings": ["0.0.0.0:2527"]}
    if usage != "Internet":
        options["remote_ip_ranges"] = ["10.32.0.0/24"]
    checked = actions("receive_connector", check=True, **options)
    if server.startswith("EDGE") and usage == "Client":
        assert "not for an Edge Transport server" in checked["msg"]
        return
    result = actions("receive_connector", **options)
    assert "failed" not in result, result["msg"]
    assert result["commands"] == checked["commands"]
    assert not actions("receive_connector", **options)["changed"]
    assert actions("receive_connector", name=usage, state="absent")["changed"]


def test_what_is_set_can_be_cleared(organisation: Lab) -> None:
    actions = Actions(organisation, "EXSE")
    name = "Cleared"
    values: dict[str, tuple[object, object]] = {
        "tls_domain_capabilities": (["fabrikam.com:AcceptOorgProtocol,AcceptCloudServicesMail"], []),
        "tls_certificate_name": ("<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com", ""),
        "default_domain": ("LAB.example", ""),
        "service_discovery_fqdn": ("relay.lab.example", ""),
        "fqdn": ("relay.lab.example", ""),
        "banner": ("220 It\u2019s 'quoted' $(x)", ""),
        "comment": ("It\u2019s 'quoted' $(x)", ""),
        "message_rate_source": ("All", "None"),
        "permission_groups": (["AnonymousUsers", "Partners"], []),
        "auth_mechanism": (["Tls", "Integrated"], "None"),
        "max_message_size": ("70000B", "64KB"),
        "max_acknowledgement_delay": ("1.02:03:04.5", "00:00:00"),
    }
    actions("receive_connector", name=name, bindings=["0.0.0.0:2528"], remote_ip_ranges=["10.33.0.0/24"])
    for number in (0, 1):
        options = {option: pair[number] for option, pair in values.items()}
        changed = actions("receive_connector", name=name, **options)
        assert changed.get("changed"), changed
        assert {change["property"] for change in changed["changes"]} == set(values)
        assert len(changed["commands"]) == 1
        assert not actions("receive_connector", name=name, **options)["changed"]
    assert actions("receive_connector", name=name, state="absent")["changed"]
