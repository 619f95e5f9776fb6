# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults that a lab does not produce: those seen on real servers, and those of broken environments."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange import _pypsrp, faults, psrp
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectFailed,
    ExchangeError,
    MissingLibrary,
    SessionLost,
    ShellQuotaExceeded,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import ConnectionOptions

OPTIONS = ConnectionOptions("ex1.contoso.com", username="svc@CONTOSO.COM", password="x")
EDGE = ConnectionOptions(
    "edge01.contoso.com",
    username="EDGE01\\admin",
    password="x",
    auth="ntlm",
    snap_in="Microsoft.Exchange.Management.PowerShell.SnapIn",
)

# As Exchange writes it: marks in front of a text in the server's language.
NO_ROLE = (
    "[AuthZRequestId=9e69487d][FailureCategory=AuthZ-CmdletAccessDeniedException] "
    "Der Benutzer ist keiner Verwaltungsrolle zugewiesen."
)
OVER_BUDGET = (
    "[AuthZRequestId=1][FailureCategory=AuthZ-AuthorizationException] Fail to create a runspace because you have "
    "exceeded the maximum number of connections allowed : 18 for the policy party : MaxConcurrency."
)
ELSEWHERE = "[ClientAccessServer=EX1][FailureCategory=WSMan-InvalidShellID] La demande a échoué."


def fault(code: object, text: str = "", provider_text: str | None = None) -> Exception:
    return _pypsrp.exceptions.WSManFaultError(code, "ex1", text, None, None, provider_text)


def opening(error: Exception, status: int = 500, options: ConnectionOptions = OPTIONS) -> ExchangeError:
    answers = _pypsrp.Answers()
    answers.status = status
    return faults.opening_error(error, options, answers)


def running(error: Exception, sent: bool = False) -> SessionLost:
    return faults.running_error(error, OPTIONS, _pypsrp.Answers(), cmdlet="Set-ReceiveConnector", sent=sent)


class TestOpening:
    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (fault(2152992672, "", NO_ROLE), AccessDenied),
            (fault(5, "Zugriff verweigert"), AccessDenied),
            (fault("w:AccessDenied"), AccessDenied),
            (fault(2150859173, "zu viele"), ShellQuotaExceeded),
            (fault(2150859175, "user load quota"), ShellQuotaExceeded),
            (fault(2152992672, "", OVER_BUDGET), ShellQuotaExceeded),
            (fault("w:QuotaLimit"), ShellQuotaExceeded),
            (fault(2150858811, "not in catalog"), ConnectFailed),
            (fault(faults.OPERATION_TIMED_OUT), ConnectFailed),
            (fault(2150858770, "whatever"), ConnectFailed),
            (ImportError("No module named gssapi"), AuthenticationFailed),
        ],
    )
    def test_codes_and_marks_decide(self, error: Exception, kind: type[ExchangeError]):
        assert type(opening(error, status=0)) is kind

    @pytest.mark.parametrize(
        ("status", "words"), [(403, "RemotePowerShellEnabled"), (404, "HTTP 404"), (503, "application pools")]
    )
    def test_an_answer_that_is_no_soap(self, status: int, words: str):
        html = _pypsrp.exceptions.WinRMTransportError("http", status, "<html>")
        assert words in str(opening(html, status))

    def test_a_page_that_happens_to_be_xml(self):
        """IIS's error pages are: pypsrp makes a fault without any code of them."""
        assert "HTTP 404" in str(opening(fault(None), 404))

    def test_kerberos_libraries_are_missing(self):
        text = str(opening(ImportError("GSSAPIProxy requires the Python gssapi library"), status=0))
        assert "meta/ee-bindep.txt" in text

    def test_a_runspace_that_breaks_says_why(self):
        """Exchange's own start-up commands may fail, long after the account was accepted."""
        state = "<Obj RefId='0'><MS><I32 N='RunspaceState'>5</I32>{}</MS></Obj>"
        record = "<Obj N='ExceptionAsErrorRecord' RefId='1'><ToString>Le chargement a échoué.</ToString></Obj>"
        raw = _pypsrp.RawSerializer(None).deserialize(
            state.format(record), SimpleNamespace(object=_pypsrp.messages.RunspacePoolStateMessage)
        )
        assert raw.state == 5
        broken = _pypsrp.exceptions.InvalidPSRPOperation(f"Received a broken state: {raw.error_record}")
        error = opening(broken, status=200)
        assert type(error) is ConnectFailed
        assert "Le chargement a échoué." in str(error)

    def test_an_error_of_ours_stays_what_it_is(self):
        error = ConnectFailed("x")
        assert opening(error) is error


class TestEndpointsOfTheOtherKind:
    """Exchange's own endpoint and the plain one of Windows are easily mixed up."""

    @pytest.mark.parametrize("code", [2150858811, 2150858752, "w:InvalidResourceURI"])
    def test_an_edge_server_is_asked_for_exchange(self, code: object):
        text = str(opening(fault(code), 500))
        assert "does not know the session configuration Microsoft.Exchange" in text
        assert "needs ansible_exchange_snap_in" in text

    @pytest.mark.parametrize("code", [2150858811, 2150858752, "w:InvalidResourceURI"])
    def test_a_mailbox_server_is_asked_for_a_snap_in(self, code: object):
        text = str(opening(fault(code), 500, EDGE))
        assert "does not know the session configuration Microsoft.PowerShell" in text
        assert "take ansible_exchange_snap_in away" in text

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (403, "a local Administrator"),
            (404, "the path is wsman and the port 5985 or 5986"),
            (500, "the service WinRM"),
        ],
    )
    def test_an_answer_that_is_no_soap(self, status: int, words: str):
        html = _pypsrp.exceptions.WinRMTransportError("http", status, "<html>")
        assert words in str(opening(html, status, EDGE))

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (OPTIONS, "an Edge Transport or Exchange 2007 server has no such endpoint"),
            (EDGE, "check that WinRM listens there"),
        ],
    )
    def test_nobody_listens(self, options: ConnectionOptions, words: str):
        refused = _pypsrp.requests.ConnectionError()
        refused.__cause__ = ConnectionRefusedError(111, "refused")
        assert words in str(opening(refused, 0, options))

    def test_access_denied(self):
        error = opening(fault(5, "Zugriff verweigert"), 500, EDGE)
        assert type(error) is AccessDenied
        assert "LocalAccountTokenFilterPolicy" in str(error)
        assert "RemotePowerShellEnabled" not in str(error)

    @pytest.mark.parametrize(
        ("auth", "words"),
        [
            ("ntlm", "a local account is written SERVER\\name"),
            ("negotiate", "a local account is written SERVER\\name"),
            ("kerberos", "takes a local account with ansible_exchange_auth: ntlm"),
            ("basic", "Service\\Auth\\Basic"),
        ],
    )
    def test_not_authenticated(self, auth: str, words: str):
        options = dataclasses.replace(EDGE, auth=auth, scheme="https")
        error = opening(_pypsrp.exceptions.AuthenticationError("no"), 401, options)
        assert type(error) is AuthenticationFailed
        assert words in str(error)
        assert "virtual directory" not in str(error)

    @pytest.mark.parametrize(("options", "told"), [(OPTIONS, False), (EDGE, True)])
    def test_no_ticket(self, options: ConnectionOptions, told: bool):
        """Kerberos is the default, so this is what who forgets the method for an Edge server sees."""
        options = dataclasses.replace(options, auth="kerberos")
        error = opening(RuntimeError("Minor (1): Cannot find KDC for realm, Context: x"), 0, options)
        assert type(error) is AuthenticationFailed
        assert ("takes no Kerberos but a local account with ansible_exchange_auth: ntlm" in str(error)) is told

    def test_something_else_answers(self):
        text = str(opening(KeyError("www-authenticate"), 200, EDGE))
        assert "is not the remote PowerShell of Windows" in text
        assert "5985 or 5986" in text

    def test_too_many_sessions(self):
        assert "as Windows allows" in str(opening(fault(2150859173, "zu viele"), 500, EDGE))

    @pytest.mark.parametrize("options", [OPTIONS, EDGE])
    @pytest.mark.parametrize("code", [5, 2150858811, 2150859173, 995])
    def test_every_text_is_one_sentence_on_one_line(self, code: int, options: ConnectionOptions):
        text = str(opening(fault(code, "text"), 500, options))
        assert "\n" not in text and ". " not in text.rstrip(".")


class TestRunning:
    def test_a_shell_on_another_server_never_ran_the_command(self):
        lost = running(fault(2150858999, "", ELSEWHERE))
        assert not lost.may_have_run
        assert "was not run" in str(lost)

    def test_the_same_after_the_command_was_sent(self):
        assert running(fault(2150858843), sent=True).may_have_run

    def test_any_other_fault_leaves_it_open(self):
        lost = running(fault(2150859175, "user load quota"))
        assert lost.may_have_run
        assert "2150859175" in str(lost)


class TestMissingLibrary:
    def test_one_sentence_names_package_and_file(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(_pypsrp, "IMPORT_ERROR", ImportError("No module named 'pypsrp'"))
        with pytest.raises(MissingLibrary) as caught:
            psrp.PsrpSession(OPTIONS).open()
        assert "pypsrp[kerberos]" in str(caught.value)
        assert "meta/ee-requirements.txt" in str(caught.value)


class TestSlowOpening:
    """A busy server may need longer than one Receive may wait."""

    class Pool:
        def __init__(self, refusals: int) -> None:
            self.state = _pypsrp.BEFORE_OPEN
            self.refusals = refusals

        def open(self) -> None:
            self.state = _pypsrp.NEGOTIATION_SENT
            self._receive()

        def _receive(self) -> None:
            if self.refusals:
                self.refusals -= 1
                raise fault(faults.OPERATION_TIMED_OUT)
            self.state = 2

    def test_goes_on_waiting(self):
        session = psrp.PsrpSession(OPTIONS)
        session._pool = self.Pool(3)
        session._open_pool()
        assert session._pool.state == 2

    def test_a_session_that_is_closed_meanwhile(self):
        session = psrp.PsrpSession(OPTIONS)
        session._pool = self.Pool(1)
        session._pool._receive = lambda: setattr(session._pool, "state", 3)
        with pytest.raises(ConnectFailed, match="closed the session"):
            session._open_pool()

    def test_but_not_for_ever(self, monkeypatch: pytest.MonkeyPatch):
        times = iter(range(0, 100000, 200))
        monkeypatch.setattr(psrp.time, "monotonic", lambda: float(next(times)))
        session = psrp.PsrpSession(OPTIONS)
        session._pool = self.Pool(99)
        with pytest.raises(_pypsrp.exceptions.WSManFaultError):
            session._open_pool()
