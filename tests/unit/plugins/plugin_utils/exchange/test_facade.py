# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The facade against a lab with its own reading of Exchange, and against answers that no lab gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    CmdletFailed,
    CmdletUnavailable,
    ErrorRecord,
    ExchangeError,
    InvalidOption,
    ObjectNotFound,
    OutOfScope,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import (
    RELAY_CMDLETS,
    Exchange,
    known_cmdlets,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.psrp import PsrpSession
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import ConnectionOptions, Response
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.snap_in import SNAP_INS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command, Value
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import PrincipalAnswer
from exchange_lab.lab import Lab

LAB = {
    "organization": {"name": "Lab Organization", "domain": "lab.example", "domain_controllers": ["dc1.lab.example"]},
    "accounts": {
        "administrator": {"password": "Lab-1", "role_groups": ["Organization Management"]},
        "operator": {"password": "Lab-2", "role_groups": ["Server Management"]},
        "careful": {"password": "Lab-3", "role_groups": ["Careful"]},
    },
    "management_roles": {
        "Careful Connectors": {"parent": "Receive Connectors", "without": {"Set-ReceiveConnector": ["Banner"]}}
    },
    "role_groups": {"Careful": {"roles": ["Careful Connectors", "View-Only Configuration"], "servers": ["EX1"]}},
    "accepted_domains": [{"name": "lab.example", "type": "Authoritative", "default": True}],
    "servers": {
        name: {
            "version": "2019",
            "address": f"127.0.1.{number}",
            "port": 0,
            "smtp_port": 0,
            "auth": ["ntlm"],
            "addresses": [f"127.0.1.{number}", f"10.1.0.{number}"],
        }
        for number, name in enumerate(("EX1", "EX2"), 1)
    },
}
Ask = Callable[..., Exchange]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab.from_config(LAB, tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def ask(lab: Lab) -> Iterator[Ask]:
    """Open a session with EX1 and return its facade."""
    sessions: list[PsrpSession] = []

    def opened(account: str = "administrator", domain_controller: str | None = None) -> Exchange:
        host, port = lab.exchange["EX1"].address
        password = LAB["accounts"][account]["password"]
        options = ConnectionOptions(host, port, auth="ntlm", username=f"LAB\\{account}", password=password)
        session = PsrpSession(options)
        session.open()
        sessions.append(session)
        return Exchange(session, domain_controller)

    yield opened
    for session in sessions:
        session.close()


@pytest.fixture
def journal(lab: Lab) -> Callable[[], list[dict[str, Any]]]:
    """Cmdlets that arrived since the test began."""

    def lines() -> list[dict[str, Any]]:
        text = Path(lab.journal_path).read_text(encoding="utf-8")
        return [line for line in map(json.loads, text.splitlines()) if line["kind"] == "cmdlet"]

    before = len(lines())
    return lambda: lines()[before:]


class TestReading:
    def test_a_server_and_its_own_domain_controller(self, ask: Ask):
        exchange = ask()
        facts = exchange.read_server("EX1")
        assert (facts.name, facts.fqdn, facts.version) == ("EX1", "ex1.lab.example", "2019")
        assert facts.domain_controller == exchange.domain_controller == "dc1.lab.example"

    def test_every_later_question_names_that_domain_controller(
        self, ask: Ask, journal: Callable[[], list[dict[str, Any]]]
    ):
        exchange = ask()
        exchange.read_server("EX1")
        connectors = exchange.read_connectors("EX1")
        exchange.read_access(connectors[0].distinguished_name)
        exchange.read_connector(connectors[0].distinguished_name)
        exchange.read_servers()
        exchange.read_network_addresses("EX1")
        exchange.read_component_states("EX1")
        exchange.read_accepted_domains()
        first, *others = journal()
        assert "DomainController" not in first["parameters"]
        assert {line["parameters"].get("DomainController") for line in others} == {"dc1.lab.example"}
        assert not any(line["errors"] for line in others)

    def test_a_domain_controller_of_ones_own_is_named_from_the_start(
        self, ask: Ask, journal: Callable[[], list[dict[str, Any]]]
    ):
        exchange = ask(domain_controller="dc1.lab.example")
        assert exchange.read_server("EX1").domain_controller == "dc1.lab.example"
        assert journal()[0]["parameters"]["DomainController"] == "dc1.lab.example"

    def test_an_unknown_server(self, ask: Ask):
        with pytest.raises(ObjectNotFound, match="ansible_exchange_server"):
            ask().read_server("EX9")

    def test_all_servers(self, ask: Ask):
        assert {facts.fqdn for facts in ask().read_servers()} == {"ex1.lab.example", "ex2.lab.example"}

    def test_addresses(self, ask: Ask):
        assert ask().read_network_addresses("EX2") == ("10.1.0.2", "127.0.1.2")

    def test_component_states(self, ask: Ask):
        assert ask().read_component_states("EX1")["FrontendTransport"] == "Active"

    def test_accepted_domains(self, ask: Ask):
        assert ask().read_accepted_domains() == (
            {"name": "lab.example", "domain_name": "lab.example", "type": "Authoritative", "default": True},
        )

    def test_connectors_of_one_server_only(self, ask: Ask):
        connectors = ask().read_connectors("EX2")
        assert {connector.server for connector in connectors} == {"EX2"}
        assert len(connectors) == 5
        for connector in connectors:
            assert connector.values["remote_ip_ranges"]
            assert connector.values["bindings"]

    def test_one_connector(self, ask: Ask):
        exchange = ask()
        known = exchange.read_connectors("EX1")[0]
        assert exchange.read_connector(known.distinguished_name) == known
        assert exchange.read_connector("CN=No such,CN=SMTP Receive Connectors,DC=lab,DC=example") is None

    def test_an_access_list(self, ask: Ask):
        exchange = ask()
        frontend = next(one for one in exchange.read_connectors("EX1") if one.name == "Default Frontend EX1")
        entries = exchange.read_access(frontend.distinguished_name)
        anonymous = {entry.right for entry in entries if "ANONYMOUS" in entry.principal and not entry.inherited}
        assert "ms-Exch-SMTP-Submit" in anonymous
        assert "ms-Exch-SMTP-Accept-Any-Recipient" not in anonymous

    def test_the_name_under_which_a_principal_is_shown(self, ask: Ask, journal: Callable[[], list[dict[str, Any]]]):
        exchange = ask()
        exchange.read_server("EX1")
        frontend = next(one for one in exchange.read_connectors("EX1") if one.name == "Default Frontend EX1")
        name = frontend.distinguished_name
        assert exchange.read_principal(name, "S-1-5-7") == PrincipalAnswer("NT AUTHORITY\\ANONYMOUS LOGON")
        assert exchange.read_principal(name, "exchange servers") == PrincipalAnswer("LAB\\Exchange Servers")
        assert exchange.read_principal(name, "administrator@lab.example") == PrincipalAnswer()
        unknown = exchange.read_principal(name, "Anonymous Login")
        assert unknown.name == "" and unknown.refusal.startswith('User or Group "Anonymous Login" wasn\'t found.')
        for line in journal()[-4:]:
            assert line["parameters"]["Identity"] == name
            assert line["parameters"]["DomainController"] == "dc1.lab.example"

    def test_a_principal_is_not_asked_for_without_the_role(self, ask: Ask):
        with pytest.raises(CmdletUnavailable, match="'Active Directory Permissions'"):
            ask("operator").read_principal("CN=x", "administrator")

    @pytest.mark.parametrize(
        ("method", "more"), [("read_connector", ()), ("read_access", ()), ("read_principal", ("administrator",))]
    )
    def test_nothing_is_read_without_a_name(self, ask: Ask, method: str, more: tuple[str, ...]):
        """Exchange would return the objects of every server."""
        with pytest.raises(ValueError, match="distinguished name"):
            getattr(ask(), method)("", *more)


class TestRoles:
    def test_all_cmdlets_of_the_collection_are_visible_to_the_organization_manager(self, ask: Ask):
        assert ask().visible_cmdlets() == frozenset(RELAY_CMDLETS)

    def test_a_server_manager_does_not_see_those_that_grant(self, ask: Ask):
        exchange = ask("operator")
        visible = exchange.visible_cmdlets()
        assert visible is not None
        assert "New-ReceiveConnector" in visible
        assert "Add-ADPermission" not in visible
        with pytest.raises(CmdletUnavailable, match="'Active Directory Permissions'"):
            exchange.run(Command.of("Add-ADPermission", Identity="CN=x", User="a", ExtendedRights=("b",)))

    def test_parameters_as_the_account_sees_them(self, ask: Ask):
        administrator = ask().visible_parameters(["set-receiveconnector", "Get-Widget"])
        mine = ask("careful").visible_parameters(["set-receiveconnector", "Add-ADPermission"])
        assert administrator is not None and mine is not None
        assert list(administrator) == list(mine) == ["set-receiveconnector"]
        everything, some = administrator["set-receiveconnector"], mine["set-receiveconnector"]
        assert everything is not None and some is not None
        assert everything - some == {"banner"}

    def test_a_write_out_of_scope(self, ask: Ask):
        exchange = ask("careful")
        exchange.read_server("EX2")
        frontend = next(one for one in exchange.read_connectors("EX2") if one.name == "Default Frontend EX2")
        with pytest.raises(OutOfScope, match=r"EX2 is outside of the write scope of .*careful: add EX2 to the"):
            exchange.run(Command.of("Set-ReceiveConnector", Identity=frontend.distinguished_name, Comment="x"))


class TestWriting:
    def test_a_refused_command_says_why(self, ask: Ask):
        with pytest.raises(CmdletFailed) as caught:
            ask().run(Command.of("New-ReceiveConnector", Name="Bad", Server="EX1", Usage="Custom"))
        assert "New-ReceiveConnector" in str(caught.value)

    def test_warnings_come_back(self, ask: Ask):
        exchange = ask()
        frontend = next(one for one in exchange.read_connectors("EX1") if one.name == "Client Frontend EX1")
        removal = Command.of(
            "Remove-ADPermission",
            Identity=frontend.distinguished_name,
            User="NT AUTHORITY\\ANONYMOUS LOGON",
            ExtendedRights=("ms-Exch-SMTP-Accept-Any-Recipient",),
            Confirm=False,
        )
        assert len(exchange.run(removal)) == 1
        assert exchange.warnings == []


class Answering:
    """A session that gives the answers it was made with, by cmdlet."""

    account, endpoint = "svc", "http://ex1:80/PowerShell"

    def __init__(self, snap_in: str = "", **answers: Response) -> None:
        self.snap_in = snap_in
        self.answers = {name.replace("_", "-"): answer for name, answer in answers.items()}
        self.commands: list[tuple[str, dict[str, Value]]] = []

    def invoke(self, command: Command) -> Response:
        self.commands.append((command.cmdlet, dict(command.parameters)))
        return self.answers[command.cmdlet]


SERVER = {
    "Name": "EX1",
    "Fqdn": "ex1.contoso.com",
    "DistinguishedName": "CN=EX1",
    "AdminDisplayVersion": "Version 15.2 (Build 986.5)",
    "IsEdgeServer": False,
    "IsHubTransportServer": True,
    "IsFrontendTransportServer": True,
    "IsMailboxServer": True,
    "IsClientAccessServer": True,
    "CurrentConfigDomainController": "",
    "OriginatingServer": "dc2.contoso.com",
}

EDGE = {**SERVER, "IsEdgeServer": True, "IsHubTransportServer": False, "IsMailboxServer": False}
OLD = {**SERVER, "AdminDisplayVersion": "Version 8.3 (Build 83.6)"}
SNAP_IN = "Microsoft.Exchange.Management.PowerShell.Admin"


class TestCmdletsOfVersions:
    def test_all_of_them_since_2013(self):
        for version in ("2013", "2016", "2019", "SE"):
            assert known_cmdlets(version) == RELAY_CMDLETS

    def test_older_versions_lack_some(self):
        assert set(RELAY_CMDLETS) - set(known_cmdlets("2010")) == {"Get-ServerComponentState"}
        assert set(RELAY_CMDLETS) - set(known_cmdlets("2007")) == {
            "Get-ServerComponentState",
            "Get-NetworkConnectionInfo",
        }


NOT_FOUND = ErrorRecord(
    "User or Group was not found.", "1A,AddADPermission", exception="ManagementObjectNotFoundException"
)


class TestWhoIsUnknown:
    @staticmethod
    def ask(record: ErrorRecord) -> PrincipalAnswer:
        session = Answering(Get_ADPermission=Response(errors=[record]))
        return Exchange(session).read_principal("CN=x", "CONTOSO\\svc")

    @pytest.mark.parametrize(
        "record",
        [
            NOT_FOUND,
            ErrorRecord("No such user.", category="ObjectNotFound", exception="ADObjectNotFoundException"),
            ErrorRecord("That is no user.", category="InvalidArgument", exception="ParameterBindingException"),
        ],
    )
    def test_nobody_of_the_name_is_an_answer(self, record: ErrorRecord):
        """By ids alone, since the text is in the server's language; which category Exchange writes no source tells."""
        assert self.ask(record) == PrincipalAnswer(refusal=record.message)

    @pytest.mark.parametrize(
        "record",
        [
            ErrorRecord("User or Group was not found.", exception="ADTransientException"),
            ErrorRecord("The server is not operational.", category="ReadError", exception="ADOperationException"),
            ErrorRecord("Something else.", exception="LocalizedException"),
        ],
    )
    def test_a_directory_that_does_not_answer_is_an_error(self, record: ErrorRecord):
        """Else a grant with state absent would be taken for fulfilled."""
        with pytest.raises(CmdletFailed, match="Get-ADPermission failed"):
            self.ask(record)

    def test_a_parameter_that_is_hidden_is_a_missing_role(self):
        with pytest.raises(CmdletUnavailable):
            self.ask(ErrorRecord("No User.", "NamedParameterNotFound,Get-ADPermission", "InvalidArgument"))


class TestOddAnswers:
    def test_without_a_current_domain_controller_the_one_that_answered_is_asked_again(self):
        session = Answering(Get_ExchangeServer=Response([SERVER]), Get_AcceptedDomain=Response())
        exchange = Exchange(session)
        assert exchange.read_server("EX1").domain_controller == "dc2.contoso.com"
        exchange.read_accepted_domains()
        assert session.commands[1][1] == {"DomainController": "dc2.contoso.com"}

    def test_an_edge_server_is_never_sent_a_domain_controller(self):
        session = Answering(SNAP_IN, Get_ExchangeServer=Response([EDGE]), Get_AcceptedDomain=Response())
        exchange = Exchange(session, "dc9.contoso.com")
        assert exchange.read_server("EDGE1").domain_controller is None
        exchange.read_accepted_domains()
        assert [parameters for _cmdlet, parameters in session.commands] == [{"Identity": "EDGE1"}, {}]

    @pytest.mark.parametrize(("named", "used"), [("dc9.contoso.com", "dc9.contoso.com"), (None, "dc2.contoso.com")])
    def test_exchange_2007_names_a_domain_controller(self, named: str | None, used: str):
        session = Answering(SNAP_IN, Get_ExchangeServer=Response([OLD]), Get_AcceptedDomain=Response())
        exchange = Exchange(session, named)
        assert exchange.read_server("EX1").domain_controller == used
        exchange.read_accepted_domains()
        whose = {"DomainController": named} if named else {}
        assert [parameters for _cmdlet, parameters in session.commands] == [
            {"Identity": "EX1"},
            {"Identity": "EX1", "Status": True, **whose},
            {"DomainController": used},
        ]

    def test_a_snap_in_is_refused_where_roles_would_be_passed_over(self):
        session = Answering(SNAP_IN, Get_ExchangeServer=Response([SERVER]))
        with pytest.raises(InvalidOption, match="take ansible_exchange_snap_in away, because a snap-in passes over"):
            Exchange(session).read_server("EX1")

    def test_an_edge_server_is_not_managed_through_another_server(self):
        session = Answering(Get_ExchangeServer=Response([EDGE]))
        with pytest.raises(InvalidOption, match="connect to EX1 itself, with ansible_exchange_snap_in"):
            Exchange(session).read_server("EX1")

    def test_exchange_2007_without_delegation(self):
        denied = ErrorRecord("Anmeldung.", "X", "NotSpecified", "", "ADOperationException")
        with pytest.raises(CmdletFailed, match="set ansible_exchange_kerberos_delegation: true"):
            Exchange(Answering(SNAP_IN, Get_ExchangeServer=Response(errors=[denied]))).read_server("EX1")

    @pytest.mark.parametrize(
        ("snap_in", "exception"),
        [(SNAP_IN, "ManagementObjectNotFoundException"), (SNAP_INS[2][1], "ADOperationException")],
    )
    def test_other_errors_have_nothing_to_do_with_delegation(self, snap_in: str, exception: str):
        failed = Response(errors=[ErrorRecord("Anmeldung.", "X", "NotSpecified", "", exception)])
        with pytest.raises(CmdletFailed) as caught:
            Exchange(Answering(snap_in, Get_ExchangeServer=failed)).read_server("EX1")
        assert "delegation" not in str(caught.value)

    def test_behind_a_snap_in_a_missing_cmdlet_is_the_version_s(self):
        missing = ErrorRecord("not recognized.", "CommandNotFoundException", "ObjectNotFound", "x")
        session = Answering(SNAP_IN, Get_ServerComponentState=Response(errors=[missing]))
        exchange = Exchange(session)
        with pytest.raises(CmdletUnavailable, match="does not exist in this version of Exchange") as caught:
            exchange.read_component_states("EX1")
        assert "role" not in str(caught.value)
        assert not exchange.hides_cmdlets

    def test_behind_a_snap_in_a_missing_parameter_is_the_version_s(self):
        missing = ErrorRecord("no 'X'.", "NamedParameterNotFound,Get-AcceptedDomain", "InvalidArgument", "")
        session = Answering(SNAP_IN, Get_AcceptedDomain=Response(errors=[missing]))
        with pytest.raises(CmdletUnavailable, match="does not have that parameter in this version of Exchange"):
            Exchange(session).read_accepted_domains()

    @pytest.mark.parametrize("count", [0, 2])
    def test_a_name_must_mean_one_server(self, count: int):
        with pytest.raises(ExchangeError, match=f"found {count} servers"):
            Exchange(Answering(Get_ExchangeServer=Response([SERVER] * count))).read_server("EX1")

    def test_servers_of_a_version_that_nobody_knows_are_servers_too(self):
        """Their addresses are no sources, whatever runs there."""
        others = [
            {
                **SERVER,
                "Name": "OLD",
                "Fqdn": "old.contoso.com",
                "AdminDisplayVersion": "Version 6.5 (Build 7638.2: SP2)",
            },
            {**SERVER, "Name": "NEW", "Fqdn": "new.contoso.com", "AdminDisplayVersion": "Version 16.0 (Build 1.0)"},
        ]
        found = Exchange(Answering(Get_ExchangeServer=Response(others))).read_servers()
        assert [(one.name, one.fqdn) for one in found] == [("OLD", "old.contoso.com"), ("NEW", "new.contoso.com")]

    @pytest.mark.parametrize("missing", [{"Fqdn": None}, {"Fqdn": ""}, {"Name": None}])
    def test_a_server_without_a_name_is_an_error(self, missing: dict[str, Any]):
        session = Answering(Get_ExchangeServer=Response([{**SERVER, **missing}]))
        with pytest.raises(UndecodableValue, match="Get-ExchangeServer returned a server with the Name"):
            Exchange(session).read_servers()

    def test_an_adapter_without_a_list_of_addresses(self):
        session = Answering(Get_NetworkConnectionInfo=Response([{"Name": "Ethernet", "IPAddresses": None}]))
        with pytest.raises(UndecodableValue, match="IPAddresses"):
            Exchange(session).read_network_addresses("EX1")

    def test_an_endpoint_that_does_not_tell_its_cmdlets(self):
        missing = ErrorRecord("x", "CommandNotFoundException", "ObjectNotFound", "Get-Command")
        assert Exchange(Answering(Get_Command=Response(errors=[missing]))).visible_cmdlets() is None

    @pytest.mark.parametrize(
        ("told", "parameters"),
        [
            ({"Identity": "ParameterMetadata", "Status": None}, {"identity", "status"}),
            ({}, None),
            (None, None),
            ("System.Collections.Generic.Dictionary", None),
            (["Identity"], None),
        ],
    )
    def test_only_a_dictionary_tells_parameters(self, told: Any, parameters: set[str] | None):
        session = Answering(Get_Command=Response([{"Name": "Get-ExchangeServer", "Parameters": told}]))
        assert Exchange(session).visible_parameters(["Get-ExchangeServer"]) == {"Get-ExchangeServer": parameters}

    def test_warnings_of_reading_are_kept(self):
        exchange = Exchange(Answering(Get_AcceptedDomain=Response(warnings=["results are cut"])))
        exchange.read_accepted_domains()
        assert exchange.warnings == ["results are cut"]
