# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trouble on demand breaks a real client's session where a test wants it, and many sessions do not."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from pypsrp.powershell import PowerShell, RunspacePool
from wsman_clients import RawSession, ScriptedBackend, connection, done, endpoint, invoke, open_pool, output_of

from exchange_lab.settings import Limits
from exchange_lab.wsman.disturbances import ConnectionDropped, Disturbances
from exchange_lab.wsman.server import ExchangeEndpoint

LOST = requests.exceptions.ConnectionError


def test_connection_breaks_after_so_many_requests_and_until_it_is_mended() -> None:
    with endpoint("basic") as running:
        running.disturbances.drop_after_requests(4)
        pool = RunspacePool(connection(running, "basic"), configuration_name="Microsoft.Exchange")
        pool.open()
        shell = PowerShell(pool)
        shell.add_cmdlet("Get-Echo")
        with pytest.raises(LOST):
            for _ in range(9):
                shell.invoke()
                shell.close()
        with pytest.raises(LOST), open_pool(running, "basic"):
            pass
        running.disturbances.clear()
        with open_pool(running, "basic") as again:
            assert invoke(again, "Get-Echo").output


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_connection_breaks_before_a_cmdlet_which_is_then_not_run(auth: str) -> None:
    backend = ScriptedBackend()
    with endpoint("basic", "ntlm", backend=backend) as running:
        running.disturbances.drop_before("set-receiveconnector")
        pool = RunspacePool(connection(running, auth), configuration_name="Microsoft.Exchange")
        pool.open()
        assert invoke(pool, "Get-Echo").output
        with pytest.raises(LOST):
            invoke(pool, "Set-ReceiveConnector")
        assert backend.names == ["Get-Echo"]
        with open_pool(running, auth) as again:
            invoke(again, "Set-ReceiveConnector")
        assert backend.names == ["Get-Echo", "Set-ReceiveConnector"], "the next call is left alone"


def test_connection_breaks_after_a_cmdlet_and_its_answer_waits_in_the_shell() -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend) as running:
        running.disturbances.drop_after("*")
        session = RawSession(running).opened()
        pipeline = session.command("Get-Echo")
        with pytest.raises(OSError, match="closed connection"):
            session.receive(pipeline)
        assert backend.names == ["Get-Echo"], "it was run, only its answer is lost"
        session.http.close()
        reply = session.receive(pipeline)
        assert done(reply)
        assert b"Get-Echo" in output_of(reply)


def test_delay_holds_a_cmdlet_back_and_a_stopped_one_is_never_run() -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend) as running, open_pool(running, "basic") as pool:
        running.disturbances.delay("Get-Echo", 0.4)
        began = time.monotonic()
        assert invoke(pool, "Get-Echo").output
        assert time.monotonic() - began >= 0.4
        running.disturbances.delay("*", 30)
        shell = PowerShell(pool)
        shell.add_cmdlet("New-ReceiveConnector")
        shell.begin_invoke()
        time.sleep(0.1)
        shell.stop()
        assert invoke(pool, "Get-Echo").output
    assert backend.names == ["Get-Echo", "Get-Echo"]


def test_lab_file_says_it_all() -> None:
    faults = Disturbances.from_config(
        {"drop_after_requests": 1, "drop_before": ["A", "A"], "drop_after": ["B"], "delay": {"C": 2, "*": 0.5}}
    )
    assert [faults.drops_before("a"), faults.drops_before("a"), faults.drops_before("a")] == [True, True, False]
    assert [faults.drops_after("A"), faults.drops_after("b"), faults.drops_after("B")] == [False, True, False]
    assert [faults.delay_of("c"), faults.delay_of("D")] == [2.0, 0.5]
    faults.request_arrives()
    with pytest.raises(ConnectionDropped):
        faults.request_arrives()


@pytest.mark.parametrize(
    "wrong",
    [
        {"drop": 1},
        {"drop_after_requests": "many"},
        {"drop_before": "Set-X"},
        {"delay": {"X": -1}},
        {"delay": {"X": True}},
    ],
)
def test_mistake_in_the_lab_file_is_one_sentence(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^faults: .*\.$"):
        Disturbances.from_config(wrong)


def test_endpoint_that_stops_in_mid_session_is_a_lost_connection() -> None:
    with endpoint("basic") as running:
        pool = RunspacePool(connection(running, "basic"), configuration_name="Microsoft.Exchange")
        pool.open()
        running.stop()
        with pytest.raises(LOST):
            invoke(pool, "Get-Echo")


def test_endpoint_comes_back_where_it_was_without_its_sessions() -> None:
    with endpoint("basic", "ntlm") as running:
        before = running.address
        session = RawSession(running).opened()
        running.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(before)
        assert running.start() == before
        session.http.close()
        assert session.receive().fault[0] == 2150858843
        for auth in ("basic", "ntlm"):
            with open_pool(running, auth) as pool:
                assert invoke(pool, "Get-Echo").output


def _work(running: ExchangeEndpoint, number: int) -> str:
    with open_pool(running, "ntlm" if number % 2 else "basic") as pool:
        texts = [str(invoke(pool, "Get-Echo", Identity=f"{number}-{turn}").output[0]) for turn in range(3)]
    assert all(f"'{number}-{turn}'" in text for turn, text in enumerate(texts))
    return texts[0]


def test_a_hundred_sessions_at_once_keep_apart() -> None:
    with endpoint("ntlm", "basic", limits=Limits(shells_per_user=200)) as running:
        opened = [RawSession(running).opened() for _ in range(100)]
        assert running.service.open_shells == 100
        with ThreadPoolExecutor(16) as workers:
            assert len(set(workers.map(lambda number: _work(running, number), range(48)))) == 48
        assert running.service.open_shells == 100
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 10.0
        assert running.service.open_shells == 0
        for session in opened:
            session.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("exchange-lab")]
