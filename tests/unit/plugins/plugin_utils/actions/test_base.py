# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions import addresses
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.base import ExchangeAction
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange import psrp
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    AuthenticationFailed,
    ConnectFailed,
    ExchangeError,
    ShellQuotaExceeded,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import ConnectionOptions
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import (
    InputError,
    PlanRefused,
    RelayError,
)

from .conftest import MakeAction

Perform = Callable[[Any, dict[str, Any], Any], dict[str, Any]]
PASSWORD = "Correct-Horse-7!"


class Trial(ExchangeAction):
    """An action that does what the test says."""

    SPEC = {  # noqa: RUF012 - as every action has it
        "server": {"type": "str"},
        "domain_controller": {"type": "str"},
        "count": {"type": "int", "default": 3},
        "token": {"type": "str", "no_log": True},
        "nested": {"type": "dict", "options": {"depth": {"type": "int", "default": 1}}},
    }
    does: Perform = staticmethod(lambda action, options, exchange: {"options": options})

    def perform(self, options: dict[str, Any], exchange: Any) -> dict[str, Any]:
        return type(self).does(self, options, exchange)


def trial(does: Perform) -> type[Trial]:
    return type("OneTrial", (Trial,), {"does": staticmethod(does)})


def raising(error: Exception) -> type[Trial]:
    def does(*_arguments: Any) -> dict[str, Any]:
        raise error

    return trial(does)


class RecordedSession:
    """Stands for the session; remembers with what it was made and whether it was closed."""

    made: list[ConnectionOptions]
    closed: int
    refusal: ExchangeError | None

    def __init__(self, options: ConnectionOptions) -> None:
        type(self).made.append(options)

    def __enter__(self) -> RecordedSession:
        if self.refusal is not None:
            raise self.refusal
        return self

    def __exit__(self, *_error: object) -> None:
        type(self).closed += 1


@pytest.fixture(autouse=True)
def sessions(monkeypatch: pytest.MonkeyPatch) -> type[RecordedSession]:
    kind = type("OneSession", (RecordedSession,), {"made": [], "closed": 0, "refusal": None})
    monkeypatch.setattr(psrp, "PsrpSession", kind)
    return kind


class TestConnectionOptions:
    def options(self, make_action: MakeAction, sessions: type[RecordedSession], **given: Any) -> ConnectionOptions:
        make_action(Trial, **given).run_with()
        return sessions.made[0]

    def test_without_any_variable(self, make_action: MakeAction, sessions: type[RecordedSession]):
        options = self.options(make_action, sessions)
        assert options == ConnectionOptions(host="ex1.contoso.com")

    def test_the_usual_variables(self, make_action: MakeAction, sessions: type[RecordedSession]):
        variables = {"ansible_host": "10.0.0.1", "ansible_user": "svc@CONTOSO.COM", "ansible_password": PASSWORD}
        options = self.options(make_action, sessions, variables=variables)
        assert (options.host, options.username, options.password) == ("10.0.0.1", "svc@CONTOSO.COM", PASSWORD)

    def test_exchange_s_own_variables_win(self, make_action: MakeAction, sessions: type[RecordedSession]):
        variables = {
            "ansible_host": "10.0.0.1",
            "ansible_exchange_host": "ex1.contoso.com",
            "ansible_user": "Administrator",
            "ansible_exchange_user": "svc@CONTOSO.COM",
            "ansible_password": "other",
            "ansible_exchange_password": PASSWORD,
        }
        options = self.options(make_action, sessions, variables=variables)
        assert (options.host, options.username, options.password) == ("ex1.contoso.com", "svc@CONTOSO.COM", PASSWORD)

    def test_other_transports_variables_are_never_read(self, make_action: MakeAction, sessions: type[RecordedSession]):
        variables = {
            "ansible_port": 5986,
            "ansible_connection": "winrm",
            "ansible_winrm_scheme": "https",
            "ansible_winrm_transport": "ntlm",
            "ansible_winrm_password": "other",
            "ansible_psrp_protocol": "https",
            "ansible_psrp_auth": "ntlm",
            "ansible_psrp_cert_validation": "ignore",
        }
        assert self.options(make_action, sessions, variables=variables) == ConnectionOptions(host="ex1.contoso.com")

    def test_every_variable_of_exchange(self, make_action: MakeAction, sessions: type[RecordedSession]):
        values = {
            "scheme": "https",
            "port": "8443",
            "path": "Other",
            "configuration_name": "Microsoft.Other",
            "auth": "negotiate",
            "message_encryption": "always",
            "cert_validation": "ignore",
            "ca_cert": "/etc/ssl/ca.pem",
            "connection_timeout": 1,
            "operation_timeout": 2,
            "read_timeout": 3,
            "command_timeout": 4,
            "quota_timeout": 5,
            "kerberos_service": "host",
            "kerberos_hostname": "ex9.contoso.com",
            "kerberos_delegation": "yes",
        }
        variables = {f"ansible_exchange_{name}": value for name, value in values.items()}
        options = self.options(make_action, sessions, variables=variables)
        assert options == ConnectionOptions(
            "ex1.contoso.com",
            8443,
            "https",
            "Other",
            "Microsoft.Other",
            "negotiate",
            None,
            None,
            "always",
            False,
            "/etc/ssl/ca.pem",
            1,
            2,
            3,
            4,
            5,
            "host",
            "ex9.contoso.com",
            True,
        )

    def test_variables_are_templated(self, make_action: MakeAction, sessions: type[RecordedSession]):
        variables = {"number": 3, "ansible_exchange_host": "ex{{ number }}.contoso.com"}
        assert self.options(make_action, sessions, variables=variables).host == "ex3.contoso.com"

    def test_texts_arrive_without_marks(self, make_action: MakeAction, sessions: type[RecordedSession]):
        variables = {"ansible_user": "svc@CONTOSO.COM", "ansible_password": PASSWORD}
        options = self.options(make_action, sessions, variables=variables)
        assert {type(options.host), type(options.username), type(options.password)} == {str}

    def test_the_keyword_and_the_prompted_password(self, make_action: MakeAction, sessions: type[RecordedSession]):
        options = self.options(make_action, sessions, password=PASSWORD, remote_user="svc@CONTOSO.COM")
        assert (options.username, options.password) == ("svc@CONTOSO.COM", PASSWORD)

    def test_a_variable_beats_the_prompted_password(self, make_action: MakeAction, sessions: type[RecordedSession]):
        variables = {"ansible_exchange_password": PASSWORD}
        assert self.options(make_action, sessions, password="typed", variables=variables).password == PASSWORD

    def test_delegation_takes_the_other_hosts_endpoint(self, make_action: MakeAction, sessions: type[RecordedSession]):
        delegate = {"inventory_hostname": "ex2.contoso.com", "ansible_host": "10.0.0.2", "ansible_exchange_port": 8080}
        variables = {
            "ansible_host": "10.0.0.1",
            "ansible_exchange_port": 81,
            "ansible_delegated_vars": {"ex2.contoso.com": delegate},
        }
        options = self.options(make_action, sessions, variables=variables, delegate_to="ex2.contoso.com")
        assert (options.host, options.port) == ("10.0.0.2", 8080)


class TestServerName:
    @pytest.mark.parametrize(
        ("arguments", "variables", "name"),
        [
            ({}, {}, "ex1"),
            ({}, {"ansible_exchange_server": "MAIL7"}, "MAIL7"),
            ({"server": "MAIL8"}, {"ansible_exchange_server": "MAIL7"}, "MAIL8"),
            ({"server": "mail8.contoso.com"}, {}, "mail8"),
            ({}, {"inventory_hostname": "EX5"}, "EX5"),
        ],
    )
    def test_option_then_variable_then_host(
        self, make_action: MakeAction, arguments: dict[str, Any], variables: dict[str, Any], name: str
    ):
        action = make_action(trial(lambda me, options, _x: {"name": me.server_name(options)}), arguments, variables)
        assert action.run_with()["name"] == name

    def test_it_stays_the_inventory_hosts_under_delegation(self, make_action: MakeAction):
        delegate = {"inventory_hostname": "ex2.contoso.com", "ansible_exchange_server": "EX2"}
        action = make_action(
            trial(lambda me, options, _x: {"name": me.server_name(options)}),
            variables={"ansible_delegated_vars": {"ex2.contoso.com": delegate}},
            delegate_to="ex2.contoso.com",
        )
        assert action.run_with()["name"] == "ex1"

    def test_an_address_is_no_name(self, make_action: MakeAction):
        action = make_action(
            trial(lambda me, options, _x: {"name": me.server_name(options)}),
            variables={"inventory_hostname": "10.0.0.1"},
        )
        result = action.run_with()
        assert result["failed"]
        assert "ansible_exchange_server" in result["msg"]

    @pytest.mark.parametrize("option", ["server", "domain_controller"])
    def test_a_name_that_no_server_has_is_not_sent(self, make_action: MakeAction, option: str):
        kind = trial(lambda me, options, _x: {"name": me.server_name(options)})
        result = make_action(kind, {option: "EX1\0"}).run_with()
        assert (
            result["msg"] == f"{option}: 'EX1\\x00' has a line break or another control character inside; take it out."
        )

    @pytest.mark.parametrize(
        ("server", "words"),
        [
            ("EX\u200b1", "'EX\\u200b1' has an invisible character inside (U+200B); take it out."),
            ("EX*", "'EX*' is not the name of a server; write one such as ex1.contoso.com."),
            ("10.0.0.1", "'10.0.0.1' is an address; write the Exchange server's name, such as ex1."),
        ],
    )
    def test_what_cannot_be_a_server_is_not_asked_for(self, make_action: MakeAction, server: str, words: str):
        kind = trial(lambda me, options, _x: {"name": me.server_name(options)})
        assert make_action(kind, {"server": server}).run_with()["msg"] == f"server: {words}"
        by_variable = make_action(kind, variables={"ansible_exchange_server": server}).run_with()
        assert by_variable["msg"].removeprefix("ansible_exchange_") == f"server: {words}"


class TestConnectionVariables:
    @pytest.mark.parametrize(
        ("variable", "value", "words"),
        [
            ("ansible_exchange_port", "http", "'http' is not a whole number."),
            ("ansible_exchange_port", True, "true is not a whole number."),
            ("ansible_exchange_auth", "kerberoz", "did you mean kerberos?"),
            ("ansible_exchange_kerberos_delegation", "perhaps", "'perhaps' is neither true nor false."),
            ("ansible_exchange_password", 1.5, "the value is not text; put it in quotes."),
        ],
    )
    def test_what_they_cannot_be_is_said_before_a_session(
        self,
        make_action: MakeAction,
        sessions: type[RecordedSession],
        variable: str,
        value: object,
        words: str,
    ):
        message = make_action(Trial, variables={variable: value}).run_with()["msg"]
        assert message.startswith(f"{variable}: ")
        assert message.endswith(words)
        assert sessions.made == []


class TestDomainController:
    @pytest.mark.parametrize(
        ("arguments", "variables", "expected"),
        [
            ({}, {}, None),
            ({}, {"ansible_exchange_domain_controller": "dc1"}, "dc1"),
            ({"domain_controller": "dc2"}, {"ansible_exchange_domain_controller": "dc1"}, "dc2"),
        ],
    )
    def test_option_then_variable(
        self, make_action: MakeAction, arguments: dict[str, Any], variables: dict[str, Any], expected: str | None
    ):
        action = make_action(trial(lambda _me, _o, x: {"dc": x.domain_controller}), arguments, variables)
        assert action.run_with()["dc"] == expected


class TestErrors:
    @pytest.mark.parametrize("error", [ConnectFailed("no way"), AuthenticationFailed("who are you")])
    def test_only_connecting_and_logging_on_make_a_host_unreachable(
        self, make_action: MakeAction, sessions: type[RecordedSession], error: ExchangeError
    ):
        sessions.refusal = error
        with pytest.raises(AnsibleConnectionFailure) as caught:
            make_action(Trial).run_with()
        assert str(error) in str(caught.value)
        assert caught.value.__cause__ is None

    def test_a_full_quota_fails(self, make_action: MakeAction, sessions: type[RecordedSession]):
        sessions.refusal = ShellQuotaExceeded("too many")
        assert make_action(Trial).run_with() == {"failed": True, "changed": False, "msg": "too many"}

    @pytest.mark.parametrize("error", [RelayError("no"), InputError("no"), ExchangeError("no")])
    def test_what_perform_raises_fails_and_the_session_is_closed(
        self, make_action: MakeAction, sessions: type[RecordedSession], error: Exception
    ):
        result = make_action(raising(error)).run_with()
        assert result == {"failed": True, "changed": False, "msg": "no"}
        assert sessions.closed == 1

    def test_a_mistake_of_our_own_is_not_hidden_but_the_session_is_closed(
        self, make_action: MakeAction, sessions: type[RecordedSession]
    ):
        with pytest.raises(ZeroDivisionError):
            make_action(raising(ZeroDivisionError())).run_with()
        assert sessions.closed == 1

    def test_a_refused_plan_shows_its_findings(self, make_action: MakeAction):
        finding = SimpleNamespace(id="open_relay", message="Bad.", to_result=lambda: {"id": "open_relay"})
        result = make_action(raising(PlanRefused([finding]))).run_with()
        assert result["findings"] == [{"id": "open_relay"}]
        assert "open_relay" in result["msg"]

    def test_an_option_that_cannot_work(self, make_action: MakeAction, sessions: type[RecordedSession]):
        result = make_action(Trial, variables={"ansible_exchange_auth": "basic"}).run_with()
        assert result["failed"]
        assert "basic" in result["msg"]

    def test_a_password_in_a_librarys_message_is_hidden(self, make_action: MakeAction, sessions: type[RecordedSession]):
        sessions.refusal = ConnectFailed(f"cannot log on with {PASSWORD} here")
        with pytest.raises(AnsibleConnectionFailure) as caught:
            make_action(Trial, variables={"ansible_password": PASSWORD}).run_with()
        assert PASSWORD not in str(caught.value)
        assert "cannot log on with" in str(caught.value)


class TestValidation:
    def test_nulls_count_as_not_given_and_defaults_are_filled_in(self, make_action: MakeAction):
        arguments = {"server": None, "count": None, "nested": {"depth": None}}
        options = make_action(Trial, arguments).run_with()["options"]
        assert options["server"] is None
        assert options["count"] == 3
        assert options["nested"] == {"depth": 1}

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"sever": "EX1"}, "'sever' is not an option here; did you mean server?"),
            ({"count": "many"}, "count: 'many' is not a whole number."),
            ({"count": True}, "count: true is not a whole number."),
            ({"server": False}, "server: false is not text; put it in quotes."),
            ({"server": ["EX1"]}, "server: ['EX1'] is not text; give one text."),
            ({"server": "EX\ud800"}, "half of a character inside"),
            ({"nested": {"height": 1}}, "nested: 'height' is not an option here; there is depth."),
            ({"nested": 5}, "nested: 5 is not a dictionary; write {depth: ...}."),
            ({"nested": True}, "nested: true is not a dictionary; write {depth: ...}."),
            ({"nested": ["depth"]}, "nested: ['depth'] is not a dictionary; write {depth: ...}."),
            ({"nested": "depth"}, "nested: 'depth' is not a dictionary; write {depth: ...}."),
        ],
    )
    def test_nothing_is_opened_for_a_bad_option(
        self, make_action: MakeAction, sessions: type[RecordedSession], arguments: dict[str, Any], words: str
    ):
        result = make_action(Trial, arguments).run_with()
        assert result["failed"]
        assert words in result["msg"]
        assert "mailrelay.exchange.trial" in result["msg"]
        assert sessions.made == []

    def test_what_an_action_refuses_itself_opens_nothing_either(
        self, make_action: MakeAction, sessions: type[RecordedSession]
    ):
        class Careful(Trial):
            def prepare(self, options: dict[str, Any]) -> None:
                raise InputError(f"count: {options['count']} is too many.")

        assert make_action(Careful).run_with()["msg"] == "count: 3 is too many."
        assert sessions.made == []

    def test_secrets_do_not_come_back(self, make_action: MakeAction):
        result = make_action(Trial, {"token": PASSWORD}).run_with()
        assert PASSWORD not in str(result)

    def test_a_part_is_checked_by_a_spec_of_its_own(self, make_action: MakeAction):
        spec = {"depth": {"type": "int"}}
        kind = trial(lambda me, _o, _x: {"part": me.validate(spec, {"depth": "4"}, "services.external")})
        assert make_action(kind).run_with()["part"] == {"depth": 4}

    @pytest.mark.parametrize(
        ("grants", "words"),
        [
            ({"depth": 1}, "grants: {'depth': 1} is not a list; write [a, b]."),
            (False, "grants: false is not a list; write [a, b]."),
            ([{"depth": 1}, 5], "grants[1]: 5 is not a dictionary; write {depth: ...}."),
            ("depth", "grants[0]: 'depth' is not a dictionary; write {depth: ...}."),
        ],
    )
    def test_lists_of_dictionaries_are_what_they_say(self, make_action: MakeAction, grants: object, words: str):
        spec = {"grants": {"type": "list", "elements": "dict", "options": {"depth": {"type": "int"}}}}
        kind = trial(lambda me, _o, _x: me.validate(spec, {"grants": grants}, "services.external"))
        assert make_action(kind).run_with()["msg"] == f"services.external: {words}"

    def test_dictionaries_may_be_written_as_on_a_command_line(self, make_action: MakeAction):
        assert make_action(Trial, {"nested": "depth=4"}).run_with()["options"]["nested"] == {"depth": 4}

    @pytest.mark.parametrize(("value", "words"), [({"width": 1}, "width"), ("text", "must be a dictionary")])
    def test_the_sentence_names_the_part(self, make_action: MakeAction, value: object, words: str):
        kind = trial(lambda me, _o, _x: me.validate({"depth": {"type": "int"}}, value, "services.external"))
        message = make_action(kind).run_with()["msg"]
        assert message.startswith("services.external")
        assert words in message


class TestResults:
    def test_warnings_of_the_action_and_of_exchange_are_shown_once(self, make_action: MakeAction):
        def does(action: Any, _options: dict[str, Any], exchange: Any) -> dict[str, Any]:
            action.warnings += ["a", "b"]
            exchange.warnings += ["b", "c"]
            return {"changed": True}

        assert make_action(trial(does)).run_with() == {"changed": True, "warnings": ["a", "b", "c"]}

    @pytest.mark.parametrize("mode", [True, False])
    def test_modes(self, make_action: MakeAction, mode: bool):
        kind = trial(lambda me, _o, _x: {"modes": [me.check_mode, me.diff_mode]})
        assert make_action(kind, check_mode=mode, diff=not mode).run_with()["modes"] == [mode, not mode]


class TestAddresses:
    def test_the_hosts_resolver_is_asked(self, make_action: MakeAction, monkeypatch: pytest.MonkeyPatch):
        asked: list[tuple[str, str | None]] = []

        def resolve(name: str, resolver: str | None) -> tuple[tuple[str, ...], str]:
            asked.append((name, resolver))
            return (), "nobody knows"

        monkeypatch.setattr("ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.base.resolve", resolve)
        kind = trial(lambda me, _o, _x: {"found": me.resolve_addresses("ex2.contoso.com")})
        result = make_action(kind, variables={"ansible_exchange_resolver": "10.0.0.53:5353"}).run_with()
        assert asked == [("ex2.contoso.com", "10.0.0.53:5353")]
        assert result["warnings"] == ["nobody knows"]

    def test_without_one_the_system_is(self):
        found, trouble = addresses.resolve("localhost")
        assert "127.0.0.1" in found or "::1" in found
        assert trouble == ""
