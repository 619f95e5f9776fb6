# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WS-Management as it is on the wire: shells, Receive and its time limits, quota, expiry, faults."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

import pytest
from pypsrp.exceptions import WSManFaultError
from wsman_clients import (
    CTRL_C,
    RESOURCE,
    SHELL,
    TRANSFER,
    Lines,
    RawSession,
    Reply,
    ScriptedBackend,
    done,
    endpoint,
    open_pool,
    output_of,
    text,
)

from exchange_lab.interface import Outcome
from exchange_lab.settings import Limits

TIMED_OUT = 2150858793
NOT_FOUND = 2150858843
QUOTA = 2150859173


def in_background(work: Callable[[], Reply]) -> tuple[threading.Thread, list[Reply]]:
    answers: list[Reply] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    return thread, answers


def big(count: int, size: int) -> ScriptedBackend:
    return ScriptedBackend({"Get-Big": lambda call: Outcome([text("x" * size) for _ in range(count)])})


def test_create_answers_with_the_shell_and_its_selectors() -> None:
    with endpoint("basic") as running:
        session = RawSession(running)
        message_id = f"uuid:{uuid.uuid4()}"
        reply = session.create(message_id=message_id)
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "application/soap+xml;charset=UTF-8"
        assert reply.find("s:Header/a:RelatesTo") == message_id
        assert reply.find("s:Header/a:Action") == f"{TRANSFER}/CreateResponse"
        created = "s:Body/x:ResourceCreated/a:ReferenceParameters"
        assert reply.find(f"{created}/w:ResourceURI") == RESOURCE
        assert reply.find(f"{created}/w:SelectorSet/w:Selector[@Name='ShellId']") == session.shell_id
        assert reply.find("s:Body/rsp:Shell/rsp:Owner") == "LAB\\administrator"
        assert reply.find("s:Body/rsp:Shell/rsp:IdleTimeOut") == "PT900.000S"
        assert session.delete().status == 200
        assert running.service.open_shells == 0


@pytest.mark.parametrize(
    "resource",
    ["http://schemas.microsoft.com/powershell/Microsoft.PowerShell", f"{RESOURCE}2",
     "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd", ""],
)  # fmt: skip
def test_other_configuration_is_not_in_the_catalog(resource: str) -> None:
    with endpoint("basic") as running:
        reply = RawSession(running).create(resource)
        code, message = reply.fault
        assert (reply.status, code) == (500, 2150858811)
        assert f"The resource URI ({resource}) was not found in the WS-Management catalog" in message


def test_refused_account_gets_the_reason_and_no_shell() -> None:
    journal = Lines()
    backend = ScriptedBackend(refusals={"operator": 'The user "lab.example/Users/operator" isn\'t assigned.'})
    with endpoint("basic", backend=backend, journal=journal) as running:
        reply = RawSession(running, "operator").create()
        assert (reply.status, reply.fault) == (500, (2150858819, backend.refusals["operator"]))
        assert running.service.open_shells == 0
        RawSession(running).opened()
    assert [(line["user"], line["event"]) for line in journal.lines] == [
        ("operator", "refused"),
        ("administrator", "opened"),
    ]


def test_receive_answers_before_the_operation_timeout() -> None:
    with endpoint("basic") as running:
        session = RawSession(running).opened()
        session.timeout = "PT3S"
        began = time.monotonic()
        reply = session.receive()
        assert 0.5 < time.monotonic() - began < 3.0
        assert (reply.status, reply.fault[0]) == (500, TIMED_OUT)


def test_limit_of_the_server_is_below_what_the_client_would_wait() -> None:
    with endpoint("basic", limits=Limits(operation_timeout=0.4)) as running:
        session = RawSession(running).opened()
        began = time.monotonic()
        assert session.receive().fault[0] == TIMED_OUT
        assert time.monotonic() - began < 0.4


def test_client_that_is_told_to_ask_again_gets_the_result() -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend, limits=Limits(operation_timeout=0.2)) as running:
        session = RawSession(running).opened()
        pipeline = session.command("Wait-Gate")
        assert session.receive(pipeline).fault[0] == TIMED_OUT
        backend.gate.set()
        reply = session.receive(pipeline)
        assert (reply.status, done(reply)) == (200, True)
        assert b"gate" in output_of(reply)


@pytest.mark.parametrize("limit", [8192, 20000, 153600])
def test_answers_fit_the_envelope_that_the_client_names(limit: int) -> None:
    with endpoint("basic", backend=big(3, 50000)) as running:
        session = RawSession(running).opened()
        session.max_envelope_size = limit
        pipeline = session.command("Get-Big")
        sizes, fragments = [], b""
        while True:
            reply = session.receive(pipeline)
            assert reply.status == 200
            sizes.append(len(reply.body))
            fragments += output_of(reply)
            if done(reply):
                break
        assert max(sizes) <= limit
        assert len(sizes) == 1 or min(sizes[:-1]) > limit * 0.9, "full envelopes, no trickle"
        assert 150000 <= fragments.count(b"x") < 150100, "every object whole, none twice"


def test_server_limit_caps_what_the_client_asks_for() -> None:
    with endpoint("basic", backend=big(3, 50000), limits=Limits(maximum_envelope_size=60000)) as running:
        session = RawSession(running).opened()
        session.max_envelope_size = 512000
        reply = session.receive(session.command("Get-Big"))
        assert 50000 < len(reply.body) <= 60000
        assert not done(reply)


def test_newer_receive_takes_the_place_of_an_orphaned_one() -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend) as running:
        session = RawSession(running).opened()
        pipeline = session.command("Wait-Gate")
        orphan = RawSession(running)
        orphan.shell_id = session.shell_id
        thread, orphaned = in_background(lambda: orphan.receive(pipeline))
        assert backend.entered.wait(5)
        time.sleep(0.1)
        second, answers = in_background(lambda: session.receive(pipeline))
        thread.join(5)
        assert orphaned[0].fault[0] == TIMED_OUT
        backend.gate.set()
        second.join(5)
        assert done(answers[0])
        assert b"gate" in output_of(answers[0])


def test_lost_answer_is_given_again_to_the_identical_request() -> None:
    with endpoint("basic", backend=big(2, 25000)) as running:
        session = RawSession(running).opened()
        pipeline = session.command("Get-Big")
        session.max_envelope_size = 40000
        message_id = f"uuid:{uuid.uuid4()}"
        first = session.receive(pipeline, message_id)
        again = RawSession(running)  # the connection broke; the client came back with a new one
        again.shell_id, again.max_envelope_size = session.shell_id, 40000
        assert again.receive(pipeline, message_id).body == first.body
        second = session.receive(pipeline)
        assert output_of(second) != output_of(first)
        assert done(second)
        assert 50000 <= (output_of(first) + output_of(second)).count(b"x") < 50100, "nothing lost, nothing twice"


def test_command_sent_twice_runs_once() -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend) as running:
        session = RawSession(running).opened()
        sent: list[bytes] = []
        post = session.post
        session.post = lambda envelope, **headers: sent.append(envelope) or post(envelope, **headers)  # type: ignore[method-assign,func-returns-value]
        pipeline = session.command("Get-Echo")
        assert post(sent[-1]).status == 200
        assert done(session.receive(pipeline))
        assert backend.names == ["Get-Echo"]


def test_answer_is_not_replayed_to_another_caller() -> None:
    with endpoint("basic") as running:
        session = RawSession(running)
        message_id = f"uuid:{uuid.uuid4()}"
        session.create(message_id=message_id)
        other = RawSession(running, "operator")
        assert other.create(message_id=message_id).find(".//rsp:Owner") == "LAB\\operator"


def test_shell_of_another_user_is_not_there() -> None:
    with endpoint("basic") as running:
        session = RawSession(running).opened()
        thief = RawSession(running, "operator")
        thief.shell_id = session.shell_id
        for reply in (thief.receive(), thief.delete(), thief.ask(f"{SHELL}/Command", "")):
            code, message = reply.fault
            assert code == NOT_FOUND
            assert message.startswith("[ClientAccessServer=EX1,BackEndServer=ex1.lab.example,RequestId=")
            assert "[FailureCategory=WSMan-InvalidShellID] The request for the Windows Remote Shell" in message
            assert f"with ShellId {session.shell_id} failed because the shell was not found" in message
        assert session.delete().status == 200


def test_quota_counts_per_user_and_frees_on_delete() -> None:
    with endpoint("basic", limits=Limits(shells_per_user=3)) as running:
        sessions = [RawSession(running).opened() for _ in range(3)]
        reply = RawSession(running).create()
        code, message = reply.fault
        assert (reply.status, code) == (500, QUOTA)
        assert message == (
            "The WS-Management service cannot process the request. This user is allowed a maximum number of 3 "
            "concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user."
        )
        RawSession(running, "operator").opened()
        sessions[0].delete()
        RawSession(running).opened()


def test_pypsrp_sees_the_documented_limit_of_18() -> None:
    with endpoint("basic") as running:
        for _ in range(18):
            RawSession(running).opened()
        with pytest.raises(WSManFaultError, match="maximum number of 18 concurrent shells") as caught:
            open_pool(running, "basic").__enter__()
        assert caught.value.code == QUOTA


def test_idle_shell_expires_and_frees_its_place() -> None:
    journal = Lines()
    limits = Limits(shells_per_user=1, shell_idle_timeout=0.3)
    with endpoint("basic", limits=limits, journal=journal) as running:
        session = RawSession(running).opened()
        time.sleep(0.4)
        assert session.receive().fault[0] == NOT_FOUND
        RawSession(running).opened()
    assert journal.events == ["opened", "expired", "opened"]


def test_shell_with_a_waiting_receive_is_not_idle() -> None:
    with endpoint("basic", limits=Limits(shell_idle_timeout=0.3, operation_timeout=1.0)) as running:
        session = RawSession(running).opened()
        thread, answers = in_background(session.receive)
        time.sleep(0.6)
        RawSession(running, "operator").opened()
        thread.join(5)
        assert answers[0].fault[0] == TIMED_OUT
        assert running.service.open_shells == 2


def test_client_may_ask_for_a_shorter_idle_time_but_no_longer_one() -> None:
    with endpoint("basic") as running:
        asked = {}
        for wanted in ("PT60S", "PT2H"):
            reply = RawSession(running).create(extra=f"<rsp:IdleTimeOut>{wanted}</rsp:IdleTimeOut>")
            asked[wanted] = reply.find("s:Body/rsp:Shell/rsp:IdleTimeOut")
        assert asked == {"PT60S": "PT60.000S", "PT2H": "PT900.000S"}


def test_delete_ends_a_waiting_receive() -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend) as running:
        session = RawSession(running).opened()
        pipeline = session.command("Wait-Gate")
        other = RawSession(running)
        other.shell_id = session.shell_id
        thread, answers = in_background(lambda: other.receive(pipeline))
        assert backend.entered.wait(5)
        time.sleep(0.1)
        assert session.delete().status == 200
        thread.join(5)
        assert answers[0].fault[0] == 995
        backend.gate.set()


@pytest.mark.parametrize("action", ["Disconnect", "Reconnect", "Connect"])
def test_disconnecting_is_not_offered(action: str) -> None:
    with endpoint("basic") as running:
        reply = RawSession(running).opened().ask(f"{SHELL}/{action}", f"<rsp:{action}/>")
        assert "does not support the specified feature" in reply.fault[1]


def test_option_that_nobody_knows_is_refused_when_it_must_be_complied_with() -> None:
    with endpoint("basic") as running:
        for comply, status in (("true", 500), ("false", 200)):
            session = RawSession(running).opened()
            option = f'<w:OptionSet><w:Option Name="ODD" MustComply="{comply}">1</w:Option></w:OptionSet></s:Header>'
            reply = session.post(session.envelope(f"{TRANSFER}/Delete", "").replace(b"</s:Header>", option.encode()))
            assert reply.status == status
            assert status == 200 or reply.fault[0] == 2150858833


def test_unknown_action_and_unknown_command_are_faults() -> None:
    with endpoint("basic") as running:
        session = RawSession(running).opened()
        assert session.ask(f"{TRANSFER}/Get", "").fault[0] == 2150858771
        assert session.receive(uuid.uuid4()).fault[0] == NOT_FOUND
        assert session.signal(uuid.uuid4()).fault[0] == NOT_FOUND


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (b"", 0),
        (b"no xml", 2150858819),
        (b"<a/>", 2150858769),
        (
            b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body/></s:Envelope>',
            2150858769,
        ),
    ],
)
def test_no_soap_is_a_fault_without_relation(envelope: bytes, code: int) -> None:
    with endpoint("basic") as running:
        reply = RawSession(running).post(envelope)
        if not code:
            assert (reply.status, reply.body) == (200, b""), "an empty POST is how encryption begins"
            return
        assert (reply.status, reply.fault[0], reply.find("s:Header/a:RelatesTo")) == (500, code, "")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        (f"{TRANSFER}/Create", ""),
        (f"{TRANSFER}/Create", "<rsp:Shell/>"),
        (f"{SHELL}/Command", ""),
        (f"{SHELL}/Command", "<rsp:CommandLine><rsp:Arguments>*</rsp:Arguments></rsp:CommandLine>"),
        (f"{SHELL}/Command", "<rsp:CommandLine><rsp:Arguments>AAAA</rsp:Arguments></rsp:CommandLine>"),
        (f"{SHELL}/Command", '<rsp:CommandLine CommandId="x"><rsp:Arguments/></rsp:CommandLine>'),
        (f"{SHELL}/Send", '<rsp:Send><rsp:Stream Name="stdin">AAAA</rsp:Stream></rsp:Send>'),
        (f"{SHELL}/Receive", ""),
        (f"{SHELL}/Signal", ""),
        (f"{SHELL}/Signal", f'<rsp:Signal CommandId="{uuid.UUID(int=7)}"><rsp:Code>x</rsp:Code></rsp:Signal>'),
    ],
)  # fmt: skip
def test_malformed_requests_are_faults_and_leave_the_endpoint_well(action: str, body: str) -> None:
    with endpoint("basic") as running:
        session = RawSession(running).opened()
        reply = session.ask(action, body)
        assert reply.status == 500
        assert reply.fault[0] > 0
        assert RawSession(running).opened().delete().status == 200


def test_garbage_instead_of_the_first_messages_leaves_no_shell() -> None:
    with endpoint("basic") as running:
        body = '<rsp:Shell><creationXml xmlns="http://schemas.microsoft.com/powershell">AAAA</creationXml></rsp:Shell>'
        assert "inside the plugin" in RawSession(running).ask(f"{TRANSFER}/Create", body).fault[1]
        assert running.service.open_shells == 0


def test_ended_pipeline_is_forgotten_after_the_signal_or_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchange_lab.wsman.shells.PIPELINE_EXPIRY", 0.2)
    with endpoint("basic") as running:
        session = RawSession(running).opened()
        signalled, left = session.command("Get-Echo"), session.command("Get-Echo")
        assert done(session.receive(signalled))
        assert done(session.receive(signalled)), "asked again, an ended pipeline is still ended"
        assert session.signal(signalled).status == 200
        assert session.receive(signalled).fault[0] == NOT_FOUND
        assert done(session.receive(left))
        time.sleep(0.3)
        assert session.receive(left).fault[0] == NOT_FOUND


@pytest.mark.parametrize("code", [CTRL_C, f"{SHELL}/signal/ctrl_c"])
def test_stopped_pipeline_says_so_without_waiting_for_the_cmdlet(code: str) -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend) as running:
        session = RawSession(running).opened()
        pipeline = session.command("Wait-Gate")
        assert backend.entered.wait(5)
        assert session.signal(pipeline, code).status == 200
        reply = session.receive(pipeline)
        assert done(reply)
        assert b"PipelineStopped" in output_of(reply)
        backend.gate.set()
        time.sleep(0.1)
        assert not output_of(session.receive(pipeline)), "what the cmdlet wrote later is not shown"
