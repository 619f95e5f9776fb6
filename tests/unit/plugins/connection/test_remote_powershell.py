# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connection plugin as core loads it. How variables reach its options is proven with the actions that use it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins import loader as plugin_loader

from ansible_collections.mailrelay.exchange.plugins.connection import remote_powershell
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import (
    AUTHENTICATION_METHODS,
    MESSAGE_ENCRYPTION,
    SCHEMES,
    ConnectionOptions,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.snap_in import SNAP_INS, SnapInSession

SNAP_IN = SNAP_INS[2][1]
OPTIONS = yaml.safe_load(remote_powershell.DOCUMENTATION)["options"]
# Options whose value an action takes from the inventory host itself, and that no session needs.
OF_THE_HOST = {"server", "domain_controller", "resolver"}


@pytest.fixture
def connection() -> Any:
    return plugin_loader.connection_loader.get("mailrelay.exchange.remote_powershell", PlayContext(), new_stdin=None)


class TestDocumentation:
    def test_every_option_has_a_variable_of_its_own_that_wins(self):
        for name, option in OPTIONS.items():
            last = option["vars"][-1]["name"]
            assert last.startswith("ansible_exchange_"), f"{name}: the last variable wins, and it must be ours"

    def test_no_secret_is_read_from_a_file_or_the_environment(self):
        assert set(OPTIONS["remote_password"]) & {"env", "ini", "cli"} == set()

    def test_choices_and_defaults_are_those_of_the_session(self):
        assert tuple(OPTIONS["auth"]["choices"]) == AUTHENTICATION_METHODS
        assert tuple(OPTIONS["message_encryption"]["choices"]) == MESSAGE_ENCRYPTION
        assert tuple(OPTIONS["scheme"]["choices"]) == SCHEMES
        plain = ConnectionOptions("x")
        renamed = {"kerberos_service": "negotiate_service", "kerberos_delegation": "negotiate_delegate"}
        for name, option in OPTIONS.items():
            attribute = renamed.get(name, name)
            if "default" in option and attribute in ConnectionOptions.__dataclass_fields__ and name not in ("host",):
                expected = getattr(plain, attribute)
                assert option["default"] == {True: "validate"}.get(expected, expected), name

    def test_every_field_of_the_session_can_be_set(self):
        renamed = {"username": "remote_user", "password": "remote_password"}
        renamed |= {"negotiate_service": "kerberos_service", "negotiate_hostname": "kerberos_hostname"}
        renamed |= {"negotiate_delegate": "kerberos_delegation"}
        fields = {renamed.get(name, name) for name in ConnectionOptions.__dataclass_fields__}
        assert fields == set(OPTIONS) - OF_THE_HOST


class TestRefusals:
    @pytest.mark.parametrize(
        "use",
        [
            lambda connection: connection.exec_command("whoami"),
            lambda connection: connection.put_file("a", "b"),
            lambda connection: connection.fetch_file("a", "b"),
        ],
    )
    def test_it_carries_no_other_module(self, connection: Any, use: Any):
        with pytest.raises(AnsibleError, match="set ansible_connection to winrm or psrp"):
            use(connection)

    def test_connecting_and_closing_do_nothing(self, connection: Any):
        assert connection._connect() is connection
        connection.close()


class TestSession:
    def test_is_made_from_the_options_and_not_yet_open(self, connection: Any):
        values = {"ansible_exchange_host": "ex1.contoso.com", "ansible_exchange_cert_validation": "ignore"}
        connection.set_options(var_options=values)
        session = connection.session()
        assert session.endpoint == "http://ex1.contoso.com:80/PowerShell"
        assert session._options.cert_validation is False
        session.close()

    def test_a_snap_in_changes_where_it_leads(self, connection: Any):
        variables = {"ansible_exchange_host": "edge01.contoso.com", "ansible_exchange_snap_in": SNAP_IN}
        connection.set_options(var_options=variables)
        session = connection.session()
        assert isinstance(session, SnapInSession)
        assert (session.endpoint, session.snap_in) == ("http://edge01.contoso.com:5985/wsman", SNAP_IN)

    def test_an_empty_snap_in_is_none(self, connection: Any):
        """So that one host can go back on what its group says."""
        variables = {"ansible_exchange_host": "ex1.contoso.com", "ansible_exchange_snap_in": ""}
        connection.set_options(var_options=variables)
        session = connection.session()
        assert (session.endpoint, session.snap_in) == ("http://ex1.contoso.com:80/PowerShell", "")

    def test_a_snap_in_of_the_environment(self, connection: Any, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("ANSIBLE_EXCHANGE_SNAP_IN", SNAP_IN)
        connection.set_options(var_options={"ansible_exchange_host": "edge01", "ansible_exchange_scheme": "https"})
        assert connection.session().endpoint == "https://edge01:5986/wsman"

    def test_what_is_set_wins_over_what_follows_from_the_snap_in(self, connection: Any):
        variables = {
            "ansible_exchange_host": "edge01",
            "ansible_exchange_snap_in": SNAP_IN,
            "ansible_exchange_port": 15985,
            "ansible_exchange_path": "other",
            "ansible_exchange_configuration_name": "Mine",
            "ansible_exchange_kerberos_delegation": True,
        }
        connection.set_options(var_options=variables)
        options = connection._connection_options()
        assert (options.endpoint, options.configuration) == ("http://edge01:15985/other", "Mine")
        assert options.negotiate_delegate is True
