# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions whose cmdlets a snap-in brings: against the lab's endpoint, and against answers that no lab gives."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectFailed,
    ErrorRecord,
    SessionLost,
    SnapInUnavailable,
    Unreachable,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import Response
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.snap_in import SNAP_INS, SnapInSession
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command, render
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from exchange_lab.interface import Outcome

from .conftest import Endpoint, StartEndpoint, element

ADMIN_2007, E2010, SNAP_IN = (name for _server, name in SNAP_INS)
PREFIX = "Microsoft.Exchange.Management.PowerShell"
LOCAL = {"username": "EX1\\administrator"}
GET = Command.of("Get-ReceiveConnector", Server="EX1")


@pytest.fixture
def edge(start_endpoint: StartEndpoint) -> Endpoint:
    """The endpoint of an Edge Transport server of Exchange 2019."""
    return start_endpoint(roles=("edge",))


class TestAgainstTheLab:
    @pytest.mark.parametrize(
        ("version", "roles", "name"),
        [("2007", ("edge",), ADMIN_2007), ("2010", ("edge",), E2010), ("2016", ("edge",), SNAP_IN)],
    )
    def test_the_first_command_loads_the_snap_in(
        self, start_endpoint: StartEndpoint, version: str, roles: tuple[str, ...], name: str
    ):
        endpoint = start_endpoint(version=version, roles=roles)
        endpoint.backend.answers[GET.cmdlet] = Outcome(
            [element('<Obj RefId="0"><Props><S N="Name">R</S></Props></Obj>')]
        )
        with endpoint.snap_in_session(name, username="administrator") as session:
            assert session.invoke(GET).objects == [{"Name": "R"}]
            assert session.snap_in == name
            assert session.endpoint.endswith("/wsman")
            assert session.account == "administrator"
        assert [call.name for call in endpoint.backend.calls] == [GET.cmdlet]
        assert endpoint.open_shells == 0

    @pytest.mark.parametrize(
        ("version", "roles", "wrong", "right"),
        [
            ("2007", ("mailbox",), SNAP_IN, ADMIN_2007),
            ("2010", ("edge",), ADMIN_2007, E2010),
            ("SE", ("edge",), E2010, SNAP_IN),
            ("SE", ("edge",), "Microsoft.Exchange.Management.PowerShell.Snapin2", SNAP_IN),
        ],
    )
    def test_the_name_of_another_version(
        self, start_endpoint: StartEndpoint, version: str, roles: tuple[str, ...], wrong: str, right: str
    ):
        endpoint = start_endpoint(version=version, roles=roles)
        session = endpoint.snap_in_session(wrong, username="administrator")
        with pytest.raises(SnapInUnavailable) as caught:
            session.open()
        text = str(caught.value)
        assert text.startswith(f"There is no snap-in {wrong} at http://127.0.0.1:")
        assert f"set ansible_exchange_snap_in to {right}, which is registered there" in text
        assert "\n" not in text
        assert isinstance(caught.value, Unreachable)
        assert endpoint.open_shells == 0

    @pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
    def test_a_local_account(self, edge: Endpoint, auth: str):
        with edge.snap_in_session(SNAP_IN, auth=auth, **LOCAL) as session:
            assert session.invoke(GET).errors == []

    def test_no_local_account(self, edge: Endpoint):
        with pytest.raises(AuthenticationFailed, match=r"it offers Negotiate.*a local account is written"):
            edge.snap_in_session(SNAP_IN, username="LAB\\administrator").open()

    def test_no_administrator(self, edge: Endpoint):
        edge.backend.refusal = "no"
        with pytest.raises(AccessDenied, match=r"a local Administrator of the server"):
            edge.snap_in_session(SNAP_IN, **LOCAL).open()

    def test_an_edge_server_without_the_option(self, edge: Endpoint):
        with pytest.raises(ConnectFailed, match=r"HTTP 404.*needs ansible_exchange_snap_in"):
            edge.session().open()
        with pytest.raises(ConnectFailed, match=r"does not know the session configuration Microsoft.Exchange"):
            edge.session(path="wsman", **LOCAL).open()

    def test_a_mailbox_server_with_the_option(self, endpoint: Endpoint):
        with pytest.raises(ConnectFailed, match=r"HTTP 404.*the path is wsman"):
            endpoint.snap_in_session(SNAP_IN).open()
        with pytest.raises(ConnectFailed, match=r"take ansible_exchange_snap_in away"):
            endpoint.snap_in_session(SNAP_IN, path="PowerShell").open()

    @pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
    def test_the_connection_breaks_while_the_snap_in_is_loaded(self, edge: Endpoint, auth: str):
        edge.lab.disturbances.drop_before("Add-PSSnapin")
        with pytest.raises(
            SnapInUnavailable, match=r"was not loaded: The session with .* was lost during Add-PSSnapin"
        ):
            edge.snap_in_session(SNAP_IN, auth=auth, **LOCAL).open()

    def test_a_server_that_takes_its_time(self, edge: Endpoint):
        """Loading it may last longer than one request may wait (2 seconds here)."""
        edge.lab.disturbances.delay("Add-PSSnapin", 3)
        with edge.snap_in_session(SNAP_IN, **LOCAL) as session:
            assert session.invoke(GET).errors == []

    def test_a_server_that_takes_too_long(self, edge: Endpoint):
        edge.lab.disturbances.delay("Add-PSSnapin", 5)
        with pytest.raises(SnapInUnavailable, match="Add-PSSnapin did not end within 1 seconds"):
            edge.snap_in_session(SNAP_IN, command_timeout=1, **LOCAL).open()
        assert edge.open_shells == 0

    def test_a_session_that_is_lost_later_is_a_lost_session(self, edge: Endpoint):
        edge.lab.disturbances.drop_after(GET.cmdlet)
        with edge.snap_in_session(SNAP_IN, **LOCAL) as session, pytest.raises(SessionLost) as caught:
            session.invoke(GET)
        assert caught.value.may_have_run

    def test_kerberos_for_exchange_2007(self, start_endpoint: StartEndpoint, realm: object):
        endpoint = start_endpoint(("kerberos",), realm=realm, version="2007", roles=("mailbox",))
        options = {"auth": "kerberos", "username": "administrator@LAB.EXAMPLE", "negotiate_delegate": True}
        with endpoint.snap_in_session(ADMIN_2007, **options) as session:
            assert session.invoke(GET).errors == []


class Scripted:
    """A session that answers commands in the order of a script."""

    account, endpoint, snap_in = "EDGE01\\admin", "http://edge01:5985/wsman", ""

    def __init__(self, *answers: Response | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []
        self.opened = self.closed = 0

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None:
        self.closed += 1

    def invoke(self, command: Command) -> Response:
        self.sent.append(render(command))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def failing(error_id: str, message: str = "Nein.", exception: str = "PSArgumentException") -> Response:
    return Response(errors=[ErrorRecord(message, error_id, "InvalidArgument", SNAP_IN, exception)])


NOT_THERE = failing("AddPSSnapInRead,Microsoft.PowerShell.Commands.AddPSSnapinCommand")
NOT_LOADED = failing("NoPSSnapInsFound,Microsoft.PowerShell.Commands.GetPSSnapinCommand")


def registered(*names: str) -> Response:
    return Response([{"Name": name} for name in names])


def refused(*answers: Response | Exception) -> tuple[str, Scripted]:
    """Open over a scripted session that must fail; return the sentence."""
    inner = Scripted(*answers)
    with pytest.raises(SnapInUnavailable) as caught:
        SnapInSession(inner, SNAP_IN).open()
    assert (inner.opened, inner.closed) == (1, 1)
    return str(caught.value), inner


class TestLoading:
    def test_only_structured_commands_are_sent(self):
        _text, inner = refused(NOT_THERE, NOT_LOADED, registered())
        assert inner.sent == [
            f"Add-PSSnapin -Name '{SNAP_IN}'",
            f"Get-PSSnapin -Name '{SNAP_IN}'",
            "Get-PSSnapin -Registered:$true",
        ]

    def test_loaded_already_is_a_warning(self):
        inner = Scripted(NOT_THERE, registered(SNAP_IN), Response(warnings=["later"]), Response())
        session = SnapInSession(inner, SNAP_IN)
        session.open()
        assert inner.closed == 0
        already = f"The snap-in {SNAP_IN} was loaded already at http://edge01:5985/wsman."
        assert session.invoke(GET).warnings == [already, "later"]
        assert session.invoke(GET).warnings == []

    def test_warnings_of_loading_come_with_the_first_answer(self):
        session = SnapInSession(Scripted(Response(warnings=["formats"]), Response([{"a": 1}])), SNAP_IN)
        session.open()
        answer = session.invoke(GET)
        assert (answer.warnings, answer.objects) == (["formats"], [{"a": 1}])

    def test_no_exchange_at_all(self):
        text, _inner = refused(NOT_THERE, NOT_LOADED, registered("WDeploySnapin3.0"))
        assert "none of Exchange is registered there" in text
        for _server, name in SNAP_INS:
            assert name in text

    @pytest.mark.parametrize(
        ("names", "told"),
        [
            ((f"{PREFIX}.E2010", f"{PREFIX}.Setup", f"{PREFIX}.Support"), f"{PREFIX}.E2010"),
            ((f"{PREFIX}.Admin", f"{PREFIX}.Support"), ADMIN_2007),
            ((f"{PREFIX}.Support", f"{PREFIX}.New"), f"{PREFIX}.New or {PREFIX}.Support"),
        ],
    )
    def test_of_several_the_one_for_administration_is_told(self, names: Sequence[str], told: str):
        text, _inner = refused(NOT_THERE, NOT_LOADED, registered(*names))
        assert f"set ansible_exchange_snap_in to {told}, which is registered there" in text

    def test_a_server_that_does_not_list_its_snap_ins(self):
        text, _inner = refused(NOT_THERE, NOT_LOADED, failing("X"))
        assert "none of Exchange is registered there" in text

    @pytest.mark.parametrize("names", [(SNAP_IN,), (SNAP_IN.lower(), E2010)])
    def test_there_but_not_to_be_loaded(self, names: Sequence[str]):
        text, _inner = refused(NOT_THERE, NOT_LOADED, registered(*names))
        assert text == (
            f"The snap-in {SNAP_IN} cannot be loaded at http://edge01:5985/wsman: PowerShell says: Nein "
            f"[AddPSSnapInRead,Microsoft.PowerShell.Commands.AddPSSnapinCommand]"
        )

    def test_an_endpoint_of_another_powershell(self):
        """PowerShell 7 has endpoints too, and no snap-ins."""
        text, inner = refused(failing("CommandNotFoundException", "weg", "CommandNotFoundException"))
        assert "must be Microsoft.PowerShell, that of Windows PowerShell" in text
        assert len(inner.sent) == 1

    def test_a_session_that_breaks_meanwhile_could_not_be_had(self):
        text, _inner = refused(SessionLost("The session was lost."))
        assert text == f"The snap-in {SNAP_IN} was not loaded: The session was lost."

    def test_an_interrupt_leaves_no_session_behind(self):
        inner = Scripted(UndecodableValue("?"))
        with pytest.raises(UndecodableValue):
            SnapInSession(inner, SNAP_IN).open()
        assert inner.closed == 1

    def test_it_is_a_context(self):
        inner = Scripted(Response())
        with SnapInSession(inner, SNAP_IN) as session:
            assert (session.account, session.endpoint) == (inner.account, inner.endpoint)
        assert (inner.opened, inner.closed) == (1, 1)
