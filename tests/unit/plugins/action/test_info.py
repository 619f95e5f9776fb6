# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two modules that only read, against a lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.filter.answering_connector import answering_connector
from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import (
    RECEIVE_CONNECTOR_PERMISSION_SPEC,
    RECEIVE_CONNECTOR_SPEC,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import GRANTABLE
from exchange_lab.lab import Lab

from .conftest import CONFIG, Actions

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
DEFAULTS = [
    "Client Frontend EX1",
    "Client Proxy EX1",
    "Default EX1",
    "Default Frontend EX1",
    "Outbound Proxy Frontend EX1",
]
OPERATOR = {"ansible_exchange_user": "operator"}
RELAY = {"external": {"sources": ["10.20.4.11", "10.31.0.0/24"]}}


def names(result: dict[str, Any]) -> list[str]:
    return [one["name"] for one in result["receive_connectors"]]


class TestConnectors:
    def test_all_of_one_server(self, actions: Any):
        result = actions("receive_connector_info")
        assert names(result) == DEFAULTS
        assert {one["server"] for one in result["receive_connectors"]} == {"EX1"}
        assert result["domain_controller"] == "dc1.lab.example"
        assert result["changed"] is False
        assert actions.writes() == []

    def test_of_another_server(self, actions: Any):
        assert names(actions("receive_connector_info", server="EX2"))[0] == "Client Frontend EX2"

    @pytest.mark.parametrize("name", ["default frontend ex1", "Default Frontend EX1"])
    def test_one_by_name(self, actions: Any, name: str):
        assert names(actions("receive_connector_info", name=name)) == ["Default Frontend EX1"]

    def test_one_that_does_not_exist(self, actions: Any):
        mark = actions.mark()
        assert names(actions("receive_connector_info", name="Nothing")) == []
        assert actions.reads(mark) == ["Get-ExchangeServer", "Get-ReceiveConnector"]

    def test_without_those_of_setup(self, actions: Any):
        assert names(actions("receive_connector_info", include_default=False)) == []
        actions("relay", services=RELAY)
        assert names(actions("receive_connector_info", include_default=False)) == ["Relay external"]

    def test_what_is_shown_is_what_was_declared(self, actions: Any):
        actions("relay", services=RELAY)
        [relay] = actions("receive_connector_info", name="Relay external")["receive_connectors"]
        assert relay["options"]["remote_ip_ranges"] == ["10.20.4.11", "10.31.0.0/24"]
        assert relay["options"]["permission_groups"] == ["AnonymousUsers"]
        assert relay["options"]["transport_role"] == "FrontendTransport"
        assert relay["options"]["enabled"] is True
        assert relay["permissions"] == {
            "connector": "Relay external",
            "grants": [{"principal": "anonymous", "deny": False, "rights": [ANY_RECIPIENT]}],
        }
        assert relay["findings"] == []
        assert "Custom" in relay["read_only"]["PermissionGroups"]
        assert relay["distinguished_name"].startswith("CN=Relay external,CN=SMTP Receive Connectors,")

    def test_rights_of_groups_are_not_repeated(self, actions: Any):
        for one in actions("receive_connector_info")["receive_connectors"]:
            assert one["permissions"]["grants"] == [], one["name"]

    def test_effective_rights_tell_who_may_do_what(self, actions: Any):
        actions("relay", services=RELAY)
        found = actions("receive_connector_info")["receive_connectors"]
        rows = {one["name"]: {row["principal"]: row for row in one["effective_rights"]} for one in found}
        relay = rows["Relay external"]
        assert list(relay) == ["anonymous", "authenticated_users"]
        assert (relay["anonymous"]["may"], len(relay["anonymous"]["rights"])) == (["submit", "relay"], 5)
        assert relay["authenticated_users"]["because"] == "The connector does not let anybody log on."
        users = rows["Client Frontend EX1"]
        assert (users["anonymous"]["may"], users["authenticated_users"]["may"]) == ([], ["submit", "relay"])
        # Who has full control from above may relay as anybody, once he has logged on.
        assert users["LAB\\Enterprise Admins"]["senders"] == "any"
        assert found[0]["read_only"]["AuthenticatedUsersPrincipal"] == r"NT AUTHORITY\Authenticated Users"
        assert found[0]["read_only"]["ServerVersion"] == "2019"

    def test_inherited_entries_are_for_reading_only(self, actions: Any):
        [one] = actions("receive_connector_info", name="Default Frontend EX1")["receive_connectors"]
        assert any(entry["inherited"] for entry in one["read_only"]["OtherAccess"])

    def test_findings_know_the_servers_own_addresses(self, actions: Any):
        reason = {"exchange_server_address": "rehearsal"}
        declared = {"external": {"sources": ["127.0.1.2"], "accept_findings": reason}}
        assert "failed" not in actions("relay", services=declared)
        [one] = actions("receive_connector_info", name="Relay external")["receive_connectors"]
        assert [finding["id"] for finding in one["findings"]] == ["exchange_server_address"]


class TestInputAgain:
    """What is shown is a backup: given back to the other modules it makes the same connector."""

    def test_options_and_permissions_are_options(self, actions: Any):
        actions("relay", services=RELAY)
        for one in actions("receive_connector_info")["receive_connectors"]:
            assert set(one["options"]) <= set(RECEIVE_CONNECTOR_SPEC)
            assert set(one["permissions"]) <= set(RECEIVE_CONNECTOR_PERMISSION_SPEC)
            for grant in one["permissions"]["grants"]:
                assert set(grant["rights"]) <= set(GRANTABLE)

    def test_given_back_nothing_changes(self, actions: Any):
        actions("relay", services=RELAY)
        for one in actions("receive_connector_info", include_default=False)["receive_connectors"]:
            assert actions("receive_connector", **one["options"])["changed"] is False
            assert actions("receive_connector_permission", **one["permissions"])["changed"] is False

    def test_removed_and_restored(self, actions: Any):
        actions("relay", services=RELAY)
        [before] = actions("receive_connector_info", include_default=False)["receive_connectors"]
        actions("receive_connector", name=before["name"], state="absent")
        assert names(actions("receive_connector_info", include_default=False)) == []
        restored = actions("receive_connector", **before["options"])
        assert restored.get("failed") is None, restored
        granted = actions("receive_connector_permission", **before["permissions"])
        assert granted.get("failed") is None, granted
        [after] = actions("receive_connector_info", include_default=False)["receive_connectors"]
        assert after["options"] == before["options"]
        assert after["permissions"] == before["permissions"]

    def test_copied_to_another_server(self, actions: Any):
        actions("relay", services=RELAY)
        [there] = actions("receive_connector_info", include_default=False)["receive_connectors"]
        options = {**there["options"], "fqdn": ""}
        assert actions("receive_connector", server="EX2", **options)["changed"] is True
        assert actions("receive_connector_permission", server="EX2", **there["permissions"])["changed"] is True
        [here] = actions("receive_connector_info", server="EX2", include_default=False)["receive_connectors"]
        assert here["options"] == options
        assert here["permissions"] == there["permissions"]


class TestWithoutTheRoleForAccessLists:
    def test_connectors_are_shown_and_a_warning_says_what_is_not(self, actions: Any):
        result = actions("receive_connector_info", variables=OPERATOR)
        assert names(result) == DEFAULTS
        assert {one["permissions"] is None for one in result["receive_connectors"]} == {True}
        assert {one["effective_rights"] is None for one in result["receive_connectors"]} == {True}
        assert any("Active Directory Permissions" in warning for warning in result["warnings"])

    def test_the_server_tells_which_role_is_missing(self, actions: Any):
        told = actions("exchange_server_info", variables=OPERATOR)["exchange_server"]
        assert "Active Directory Permissions" in told["missing_roles"]
        assert "Add-ADPermission" in told["missing_cmdlets"]
        assert told["accepted_domains"] is None


class TestServer:
    def test_everything(self, actions: Any):
        told = actions("exchange_server_info")["exchange_server"]
        assert (told["name"], told["fqdn"], told["version"]) == ("EX1", "ex1.lab.example", "2019")
        assert told["roles"] == ["client_access", "frontend_transport", "hub_transport", "mailbox"]
        assert told["domain_controller"] == "dc1.lab.example"
        assert told["addresses"] == told["dns_addresses"] == ["127.0.1.1"]
        assert told["component_states"]["FrontendTransport"] == "Active"
        assert told["accepted_domains"][0]["domain_name"] == "lab.example"
        assert told["missing_roles"] == []
        assert actions.writes() == []

    def test_only_what_is_asked_for_is_read(self, actions: Any):
        told = actions("exchange_server_info", gather=[])["exchange_server"]
        assert "cmdlets" not in told
        assert actions.reads() == ["Get-ExchangeServer"]

    def test_an_unknown_server(self, actions: Any):
        result = actions("exchange_server_info", server="EX9")
        assert result["failed"]
        assert "ansible_exchange_server" in result["msg"]


class TestNeighbours:
    """What the connectors of a server do to each other, as a report tells it."""

    AUTHENTICATED = ("name", "bindings", "remote_ip_ranges", "permission_groups", "auth_mechanism")

    def test_who_takes_clients_from_whom(self, actions: Any):
        values = ("Submission", "0.0.0.0:25", "10.0.0.0/8", "ExchangeUsers", "Tls, BasicAuth, BasicAuthRequireTLS")
        actions("receive_connector", **dict(zip(self.AUTHENTICATED, values, strict=True)))
        done = actions("relay", services={"external": {"sources": ["10.20.4.11", "172.16.0.1"]}})
        [told] = done["findings"]
        assert (told["id"], told["connectors"]) == ("stolen_clients", ["Relay external", "Submission"])
        assert any("[stolen_clients]" in warning for warning in done["warnings"])
        found = actions("receive_connector_info")
        by_name = {one["name"]: one["findings"] for one in found["receive_connectors"] if one["findings"]}
        assert by_name == {"Relay external": [told]}
        assert actions("relay", services={"external": {"sources": ["10.20.4.11", "172.16.0.1"]}})["changed"] is False

    def test_what_is_shown_answers_questions(self, actions: Any):
        actions("relay", services={"external": {"sources": ["10.20.4.0/24"]}})
        found = actions("receive_connector_info")["receive_connectors"]
        answer = answering_connector(found, "10.20.4.11")
        assert (answer["name"], answer["may"], answer["second"]["name"]) == (
            "Relay external",
            ["submit", "relay"],
            "Default Frontend EX1",
        )
        stranger = answering_connector(found, "10.20.5.11")
        assert (stranger["name"], stranger["may"]) == ("Default Frontend EX1", ["submit"])
        user = answering_connector(found, "10.20.5.11", port=587)
        assert (user["may"], user["auth"], user["auth_after_tls"]) == ([], ["Integrated"], ["BasicAuth", "Integrated"])
        assert user["users_may"] == ["submit", "relay"]

    def test_without_access_lists_nothing_is_claimed(self, actions: Any):
        actions("relay", services={"external": {"sources": ["10.20.4.0/24"]}})
        found = actions("receive_connector_info", variables=OPERATOR)["receive_connectors"]
        answer = answering_connector(found, "10.20.4.11")
        assert (answer["name"], answer["may"], answer["senders"]) == ("Relay external", None, None)

    def test_a_relay_that_clients_over_ipv6_pass_by(self, tmp_path: Path):
        own = {"EX1": {**CONFIG["servers"]["EX1"], "addresses": ["127.0.1.1", "fd00::1", "fe80::1"]}}
        with Lab.from_config({**CONFIG, "servers": own}, tmp_path / "lab") as lab:
            actions = Actions(lab)
            [told] = actions("relay", services=RELAY)["findings"]
            assert (told["id"], told["severity"], told["addresses"]) == ("ipv6_bypass", "warning", ["fd00::1"])
            assert "at fd00::1 too, where 'Default Frontend EX1' answers" in told["message"]
            shown = actions("receive_connector_info", name="Relay external")["receive_connectors"]
            assert shown[0]["findings"] == [told]
            both = {**RELAY["external"], "connector": {"bindings": ["0.0.0.0:25", "[::]:25"]}}
            assert actions("relay", services={"external": both})["findings"] == []
