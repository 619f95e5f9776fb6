# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The session against an endpoint of the lab: real sockets, real authentication, real messages."""

from __future__ import annotations

import logging
import logging.handlers
import socket
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange import psrp
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    AccessDenied,
    AuthenticationFailed,
    CommandTimeout,
    ConnectFailed,
    SessionLost,
    ShellQuotaExceeded,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from exchange_lab.interface import CmdletCall, CmdletError, Outcome
from exchange_lab.settings import Limits
from exchange_lab.wsman.tls import ServerCertificate

from .conftest import FQDN, PASSWORD, Endpoint, StartEndpoint, element

GET = Command.of("Get-ReceiveConnector", Server="EX1")
SET = Command.of("Set-ReceiveConnector", Identity="CN=Relay", Enabled=True)

ONE_OBJECT = '<Obj RefId="0"><MS><S N="Name">Relay</S></MS></Obj>'


class TestAuthentication:
    @pytest.mark.parametrize(("auth", "encrypted"), [("ntlm", True), ("negotiate", True), ("basic", False)])
    def test_password(self, endpoint: Endpoint, auth: str, encrypted: bool):
        endpoint.backend.answers[GET.cmdlet] = Outcome([element(ONE_OBJECT)])
        encryption = "auto" if encrypted else "never"
        user = "administrator" if auth == "basic" else "LAB\\administrator"
        with endpoint.session(auth=auth, message_encryption=encryption, username=user) as session:
            assert session.invoke(GET).objects == [{"Name": "Relay"}]
        assert endpoint.open_shells == 0

    def test_kerberos(self, start_endpoint: StartEndpoint, realm: object):
        endpoint = start_endpoint(auth=("kerberos",), realm=realm)
        endpoint.backend.answers[GET.cmdlet] = Outcome([element(ONE_OBJECT)])
        with endpoint.session(auth="kerberos", username="administrator@LAB.EXAMPLE") as session:
            assert session.invoke(GET).objects == [{"Name": "Relay"}]
        assert endpoint.open_shells == 0

    def test_https(self, start_endpoint: StartEndpoint, tmp_path: Path):
        certificate = ServerCertificate.self_signed(tmp_path, FQDN, "127.0.0.1")
        endpoint = start_endpoint(certificate=certificate)
        with endpoint.session(auth="basic", username="administrator", ca_cert=str(certificate.certificate)) as session:
            assert session.invoke(GET).errors == []

    def test_an_untrusted_certificate(self, start_endpoint: StartEndpoint, tmp_path: Path):
        endpoint = start_endpoint(certificate=ServerCertificate.self_signed(tmp_path, FQDN, "127.0.0.1"))
        with pytest.raises(ConnectFailed, match="ansible_exchange_ca_cert"):
            endpoint.session().open()

    @pytest.mark.parametrize("auth", ["ntlm", "negotiate", "basic"])
    def test_a_wrong_password(self, endpoint: Endpoint, auth: str):
        encryption = "never" if auth == "basic" else "auto"
        session = endpoint.session(auth=auth, password="wrong", message_encryption=encryption)
        with pytest.raises(AuthenticationFailed, match=f"ansible_exchange_auth: {auth}") as caught:
            session.open()
        assert "wrong" not in str(caught.value)
        assert endpoint.open_shells == 0

    def test_a_wrong_kerberos_password(self, start_endpoint: StartEndpoint, realm: object):
        endpoint = start_endpoint(auth=("kerberos",), realm=realm)
        session = endpoint.session(auth="kerberos", username="administrator@LAB.EXAMPLE", password="wrong-one")
        with pytest.raises(AuthenticationFailed, match=r"No Kerberos ticket for HTTP/ex1\.lab\.example") as caught:
            session.open()
        assert "wrong-one" not in str(caught.value)

    def test_no_ticket_at_all(
        self, start_endpoint: StartEndpoint, realm: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/none")
        endpoint = start_endpoint(auth=("kerberos",), realm=realm)
        session = endpoint.session(auth="kerberos", username=None, password=None)
        with pytest.raises(AuthenticationFailed, match="kinit"):
            session.open()

    def test_a_method_that_the_server_does_not_offer(self, start_endpoint: StartEndpoint, realm: object):
        endpoint = start_endpoint(auth=("kerberos",), realm=realm)
        with pytest.raises(AuthenticationFailed, match="ntlm"):
            endpoint.session(auth="ntlm").open()

    def test_an_account_without_a_role(self, endpoint: Endpoint):
        endpoint.backend.refusal = "The user isn't assigned to any management roles."
        with pytest.raises(AccessDenied, match="RemotePowerShellEnabled"):
            endpoint.session().open()


class TestNoServer:
    def test_nobody_listens(self, endpoint: Endpoint):
        session = endpoint.session()
        endpoint.lab.stop()
        with pytest.raises(ConnectFailed, match="refuses connections"):
            session.open()

    def test_unknown_name(self, endpoint: Endpoint):
        with pytest.raises(ConnectFailed, match=r"no-such-host\.invalid cannot be resolved"):
            endpoint.session(host="no-such-host.invalid").open()

    def test_a_certificate_file_that_does_not_exist(self, endpoint: Endpoint):
        with pytest.raises(ConnectFailed, match=r"no-such\.pem"):
            endpoint.session(scheme="https", ca_cert="/no-such.pem").open()

    def test_a_proxy_of_the_environment_is_not_used(self, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch):
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        with endpoint.session() as session:
            assert session.invoke(GET).errors == []

    def test_wrong_path(self, endpoint: Endpoint):
        with pytest.raises(ConnectFailed, match="404"):
            endpoint.session(path="wsman").open()

    def test_unknown_configuration(self, endpoint: Endpoint):
        with pytest.raises(ConnectFailed, match=r"does not know the session configuration Microsoft\.PowerShell"):
            endpoint.session(configuration_name="Microsoft.PowerShell").open()

    def test_no_traceback_reaches_ansibles_log(self, endpoint: Endpoint):
        log = logging.handlers.BufferingHandler(1000)  # as Ansible's log file: on the root logger
        logging.getLogger().addHandler(log)
        try:
            with socket.create_server(("127.0.0.1", 0)) as silent:
                session = endpoint.session(port=silent.getsockname()[1], operation_timeout=1, read_timeout=2)
                with pytest.raises(ConnectFailed, match="did not answer in time"):
                    session.open()
        finally:
            logging.getLogger().removeHandler(log)
        assert [record for record in log.buffer if record.exc_info] == []


class TestCommands:
    def test_parameters_arrive_as_they_are(self, endpoint: Endpoint):
        command = Command.of(
            "Set-ReceiveConnector",
            Identity="CN=Böse <&> 'x'",
            Enabled=False,
            MaxHopCount=60,
            RemoteIPRanges=("10.0.0.1", "10.0.0.2"),
            Banner=None,
        )
        with endpoint.session() as session:
            session.invoke(command)
        assert dict(endpoint.backend.calls[0].parameters) == {
            "Identity": "CN=Böse <&> 'x'",
            "Enabled": False,
            "MaxHopCount": 60,
            "RemoteIPRanges": ["10.0.0.1", "10.0.0.2"],
            "Banner": None,
        }

    def test_errors_and_warnings_of_a_command_that_goes_on(self, endpoint: Endpoint):
        error = CmdletError("nicht gefunden", "6A2B,GetX", "ObjectNotFound", "Relay", "System.ArgumentException")
        endpoint.backend.answers[GET.cmdlet] = Outcome([element(ONE_OBJECT)], [error], ["Achtung", "noch eine"])
        with endpoint.session() as session:
            response = session.invoke(GET)
            assert session.invoke(GET).objects == response.objects  # the session lives on
        assert response.objects == [{"Name": "Relay"}]
        assert response.warnings == ["Achtung", "noch eine"]
        [record] = response.errors
        assert record.message == "nicht gefunden"
        assert record.error_id.endswith("6A2B,GetX")
        assert record.category == "ObjectNotFound"

    def test_a_command_that_ends_in_an_error(self, endpoint: Endpoint):
        error = CmdletError("aus", "Terminated", "InvalidArgument", "", "System.ArgumentException", terminating=True)
        endpoint.backend.answers[GET.cmdlet] = Outcome(errors=[error])
        with endpoint.session() as session:
            [record] = session.invoke(GET).errors
            assert session.invoke(SET).errors == []
        assert (record.message, record.category) == ("aus", "InvalidArgument")

    def test_an_object_of_many_fragments(self, endpoint: Endpoint):
        ranges = [f"10.{number >> 8}.{number & 255}.1" for number in range(10000)]
        items = "".join(f'<Obj RefId="{i + 2}"><ToString>{text}</ToString></Obj>' for i, text in enumerate(ranges))
        name = "Microsoft.Exchange.Data.MultiValuedProperty"
        big = (
            f'<Obj RefId="0"><Props><Obj N="RemoteIPRanges" RefId="1"><TN RefId="0"><T>{name}</T></TN>'
            f"<LST>{items}</LST></Obj></Props></Obj>"
        )
        endpoint.backend.answers[GET.cmdlet] = Outcome([element(big)])
        with endpoint.session() as session:
            response = session.invoke(GET)
            session.invoke(Command.of("Set-ReceiveConnector", Identity="x", RemoteIPRanges=tuple(ranges)))
        assert response.objects == [{"RemoteIPRanges": ranges}]
        assert endpoint.backend.calls[1].parameters["RemoteIPRanges"] == ranges

    def test_an_answer_that_cannot_be_read_is_an_error(self, endpoint: Endpoint):
        lost = '<Obj RefId="0"><Props><Obj N="Bindings" RefId="1"><TN RefId="0"><T>X[]</T></TN></Obj></Props></Obj>'
        endpoint.backend.answers[GET.cmdlet] = Outcome([element(lost)])
        with endpoint.session() as session:
            with pytest.raises(UndecodableValue, match="without its entries"):
                session.invoke(GET)
            assert session.invoke(SET).errors == []
        assert endpoint.open_shells == 0

    def test_a_request_that_the_server_finds_too_large(self, start_endpoint: StartEndpoint):
        endpoint = start_endpoint(limits=Limits(maximum_envelope_size=153600))
        command = Command.of(SET.cmdlet, Identity="x", Comment="x" * 200000)
        with endpoint.session() as session, pytest.raises(SessionLost, match="HTTP 413"):
            session.invoke(command)
        assert endpoint.backend.calls == []

    def test_a_command_may_take_longer_than_one_receive(self, endpoint: Endpoint):
        endpoint.lab.disturbances.delay(GET.cmdlet, 1.5)
        with endpoint.session(operation_timeout=1) as session:
            assert session.invoke(GET).errors == []


class TestTimeLimit:
    def test_a_command_that_does_not_end_is_stopped_and_its_session_discarded(self, endpoint: Endpoint):
        endpoint.lab.disturbances.delay(SET.cmdlet, 30)
        with endpoint.session(command_timeout=1, operation_timeout=1, read_timeout=4) as session:
            started = time.monotonic()
            with pytest.raises(CommandTimeout, match="ansible_exchange_command_timeout"):
                session.invoke(SET)
            assert time.monotonic() - started < 5
            with pytest.raises(SessionLost) as caught:
                session.invoke(GET)
            assert not caught.value.may_have_run
        assert endpoint.open_shells == 0


class TestQuota:
    def test_waits_until_a_session_is_closed(self, start_endpoint: StartEndpoint):
        endpoint = start_endpoint(limits=Limits(shells_per_user=1))
        pauses: list[float] = []
        first = endpoint.session()
        first.open()

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                first.close()

        with psrp.PsrpSession(endpoint.options(), sleep) as session:
            assert session.invoke(GET).errors == []
        assert len(pauses) == 2
        assert pauses[1] > 0

    def test_gives_up(self, start_endpoint: StartEndpoint):
        endpoint = start_endpoint(limits=Limits(shells_per_user=1))
        with endpoint.session(), pytest.raises(ShellQuotaExceeded, match="serial"):
            endpoint.session(quota_timeout=0).open()
        assert endpoint.open_shells == 0


class TestLostSessions:
    def test_the_shell_has_expired(self, start_endpoint: StartEndpoint):
        endpoint = start_endpoint(limits=Limits(shell_idle_timeout=0.3))
        with endpoint.session() as session:
            time.sleep(1.0)
            with pytest.raises(SessionLost, match="no longer knows the session") as caught:
                session.invoke(SET)
        assert not caught.value.may_have_run
        assert endpoint.backend.calls == []

    @pytest.mark.parametrize("auth", ["ntlm", "basic"])
    def test_the_connection_breaks_before_the_command(self, endpoint: Endpoint, auth: str):
        encryption = "never" if auth == "basic" else "auto"
        with endpoint.session(auth=auth, username="administrator", message_encryption=encryption) as session:
            endpoint.lab.disturbances.drop_before(SET.cmdlet)
            with pytest.raises(SessionLost, match="may or may not have run") as caught:
                session.invoke(SET)
        assert caught.value.may_have_run
        assert endpoint.backend.calls == []

    def test_the_connection_breaks_after_the_command(self, endpoint: Endpoint):
        with endpoint.session() as session:
            endpoint.lab.disturbances.drop_after(SET.cmdlet)
            with pytest.raises(SessionLost) as caught:
                session.invoke(SET)
            with pytest.raises(SessionLost):
                session.invoke(GET)
        assert caught.value.may_have_run
        assert [call.name for call in endpoint.backend.calls] == [SET.cmdlet]  # never repeated
        assert endpoint.open_shells == 0  # the shell is deleted over a new connection

    def test_an_idle_connection_that_the_server_closed(self, endpoint: Endpoint):
        with endpoint.session() as session:
            session.invoke(GET)
            endpoint.lab._listener.close_connections(1.0)
            with pytest.raises(SessionLost, match="closed the connection") as caught:
                session.invoke(SET)
        assert not caught.value.may_have_run
        assert [call.name for call in endpoint.backend.calls] == [GET.cmdlet]
        assert endpoint.open_shells == 0

    def test_the_server_is_killed_in_mid_command(self, endpoint: Endpoint):
        running = threading.Event()

        def answer(_call: CmdletCall) -> Outcome:
            running.set()
            time.sleep(1.0)
            return Outcome()

        def kill() -> None:
            running.wait(5)
            endpoint.lab.stop()

        endpoint.backend.answers[SET.cmdlet] = answer
        killer = threading.Thread(target=kill)
        killer.start()
        with endpoint.session() as session, pytest.raises(SessionLost) as caught:
            session.invoke(SET)
        killer.join()
        assert caught.value.may_have_run


class TestClosing:
    def test_twice_and_unopened(self, endpoint: Endpoint):
        session = endpoint.session()
        session.close()
        session.open()
        assert endpoint.open_shells == 1
        session.close()
        session.close()
        assert endpoint.open_shells == 0
        with pytest.raises(SessionLost, match="no open session"):
            session.invoke(GET)

    def test_after_an_error_in_the_block(self, endpoint: Endpoint):
        with pytest.raises(KeyError), endpoint.session():
            raise KeyError("x")
        assert endpoint.open_shells == 0

    def test_an_interrupt_leaves_no_shell_behind(self, endpoint: Endpoint):
        class TimeLimit(BaseException):
            pass

        with endpoint.session() as session:
            pipeline = session._run

            def interrupted(*arguments: object) -> None:
                pipeline(*arguments)
                raise TimeLimit

            session._run = interrupted
            with pytest.raises(TimeLimit):
                session.invoke(GET)
        assert endpoint.open_shells == 0

    def test_nothing_about_the_password_is_shown(self, endpoint: Endpoint):
        assert PASSWORD not in repr(endpoint.options())
        assert PASSWORD not in repr(endpoint.session().__dict__)
