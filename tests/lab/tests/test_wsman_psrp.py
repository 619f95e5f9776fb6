# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PSRP with unmodified pypsrp: language mode, parameters, streams, states, stopping, sizes."""

from __future__ import annotations

import datetime
import decimal
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import psrpcore.types as ps
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psrpcore._payload import unpack_fragment
from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from wsman_clients import ScriptedBackend, endpoint, invoke, open_pool, text

from exchange_lab.interface import CmdletCall, CmdletError, Outcome
from exchange_lab.settings import Limits
from exchange_lab.wsman.outbox import FRAGMENT_HEADER, ObjectIds, Outbox
from exchange_lab.wsman.psrp_values import plain, time_span
from exchange_lab.wsman.select_object import Selection, UnknownParameter

NO_LANGUAGE = "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def pool(backend: ScriptedBackend) -> Iterator[RunspacePool]:
    with endpoint("basic", backend=backend) as running, open_pool(running, "basic") as pool:
        yield pool


def connector(name: str = "Relay", ranges: tuple[str, ...] = ("10.0.0.1",)) -> ET.Element:
    """An object with what makes selecting hard: a type table used twice, and a reference to an earlier object."""
    entries = "".join(f"<S>{entry}</S>" for entry in ranges)
    return ET.fromstring(  # noqa: S314 - written here
        '<Obj RefId="0"><TN RefId="0"><T>Microsoft.Exchange.ReceiveConnector</T><T>System.Object</T></TN>'
        f'<ToString>{name}</ToString><Props><S N="Name">{name}</S>'
        f'<Obj N="RemoteIPRanges" RefId="1"><TN RefId="1"><T>MultiValuedProperty</T></TN><LST>{entries}</LST></Obj>'
        '<Obj N="Bindings" RefId="2"><TNRef RefId="1" /><LST><S>0.0.0.0:25</S></LST></Obj>'
        '<Ref N="Same" RefId="2" /><B N="Enabled">true</B></Props></Obj>'
    )


# --- language ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", ["Get-Echo", "Get-Echo | Where-Object { $_ }", "$true", "1 + 1"])
def test_script_text_is_refused_with_the_documented_error(
    pool: RunspacePool, backend: ScriptedBackend, script: str
) -> None:
    shell = PowerShell(pool)
    shell.add_script(script)
    assert shell.invoke() == []
    assert (shell.state, shell.had_errors) == (PSInvocationState.FAILED, True)
    error = shell.streams.error[0]
    assert (str(error), error.fq_error) == (NO_LANGUAGE, "ScriptsNotAllowed")
    assert error.message == f"ParserError: ({script}:String) [], ParseException"
    assert backend.calls == []


def test_script_behind_a_cmdlet_is_refused_before_the_cmdlet_runs(pool: RunspacePool, backend: ScriptedBackend) -> None:
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-Echo")
    shell.add_script("$input")
    shell.invoke()
    assert [error.fq_error for error in shell.streams.error] == ["ScriptsNotAllowed"]
    assert backend.calls == []


def test_pipeline_of_two_cmdlets_is_refused_in_the_labs_own_name(pool: RunspacePool, backend: ScriptedBackend) -> None:
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-ReceiveConnector").add_cmdlet("Set-ReceiveConnector")
    shell.invoke()
    assert shell.streams.error[0].fq_error == "BeyondTheLab"
    assert "Set-ReceiveConnector behind another command" in str(shell.streams.error[0])
    assert backend.calls == []


def test_merged_streams_and_command_metadata_are_refused_aloud(pool: RunspacePool) -> None:
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-Echo").merge_error("output")
    shell.invoke()
    assert shell.streams.error[0].fq_error == "BeyondTheLab"
    metadata = PowerShell(pool)
    with pytest.raises(Exception):  # noqa: B017 - pypsrp expects objects that never come
        pool.get_command_metadata("Get-*")
    assert metadata.state == PSInvocationState.NOT_STARTED


def test_out_default_may_follow(pool: RunspacePool, backend: ScriptedBackend) -> None:
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-Echo").add_cmdlet("Out-Default")
    assert len(shell.invoke()) == 1
    assert backend.names == ["Get-Echo"]


def test_statements_run_in_order_until_one_fails(pool: RunspacePool, backend: ScriptedBackend) -> None:
    shell = PowerShell(pool)
    for cmdlet in ("Get-Echo", "Get-Missing", "Get-Echo"):
        shell.add_cmdlet(cmdlet).add_statement()
    assert len(shell.invoke()) == 1
    assert backend.names == ["Get-Echo", "Get-Missing"]
    assert shell.had_errors


# --- Select-Object -----------------------------------------------------------------------------------------------


def test_select_object_projects_for_an_unmodified_client(pool: RunspacePool, backend: ScriptedBackend) -> None:
    backend.answers["Get-ReceiveConnector"] = lambda call: Outcome([connector(f"c{number}") for number in range(4)])
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-ReceiveConnector").add_cmdlet("Select-Object")
    shell.add_parameter("Property", ["name", "Same", "Missing"]).add_parameter("First", 2).add_parameter("Skip", 1)
    found = shell.invoke()
    assert [item.adapted_properties | item.extended_properties for item in found] != []
    assert [item.extended_properties["Name"] for item in found] == ["c1", "c2"]
    assert found[0].types[0] == "Selected.Microsoft.Exchange.ReceiveConnector"
    assert found[0].extended_properties["Missing"] is None


def test_selected_object_refers_to_nothing_outside_itself() -> None:
    projected = Selection(("Bindings", "Same")).apply([connector()])[0]
    assert not list(projected.iter("TNRef")) + list(projected.iter("Ref"))
    assert [item.text for item in projected.iter("S")] == ["0.0.0.0:25", "0.0.0.0:25"]
    for tag in ("Obj", "TN"):
        numbers = [item.get("RefId") for item in projected.iter(tag)]
        assert len(numbers) == len(set(numbers))
    assert [item.get("N") for item in projected.findall("MS/*")] == ["Bindings", "Same"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"First": 2}, "ab"),
        ({"Last": 2}, "de"),
        ({"Skip": 3}, "de"),
        ({"Skip": 1, "First": 2}, "bc"),
        ({"Skip": 1, "Last": 2}, "cd"),
        ({"Last": 0}, ""),
        ({"First": "9"}, "abcde"),
    ],
)
def test_selection_by_number(parameters: dict[str, object], expected: str) -> None:
    chosen = Selection.of(CmdletCall("Select-Object", parameters)).apply([text(letter) for letter in "abcde"])
    assert "".join(item.text or "" for item in chosen) == expected


def test_select_takes_positions_and_wildcards_and_no_other_parameter(pool: RunspacePool) -> None:
    assert Selection.of(CmdletCall("select", {}, (["Name", "B*"],))) == Selection(("Name", "B*"))
    projected = Selection(("*",)).apply([connector()])[0]
    assert len(projected.findall("MS/*")) == 5
    with pytest.raises(UnknownParameter, match="ExpandProperty"):
        Selection.of(CmdletCall("select", {"ExpandProperty": "Name"}))
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-Echo").add_cmdlet("Select-Object").add_parameter("Unique", True)
    shell.invoke()
    assert shell.streams.error[0].fq_error == (
        "NamedParameterNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand"
    )


# --- parameters ----------------------------------------------------------------------------------------------------


def test_parameters_arrive_as_plain_python(pool: RunspacePool, backend: ScriptedBackend) -> None:
    sent: dict[str, object] = {
        "Name": 'Relay "é" <&> \u2713',
        "RemoteIPRanges": ["10.0.0.1", "10.0.0.0/24"],
        "Empty": [],
        "Enabled": False,
        "Custom": True,
        "MaxInboundConnection": 5000,
        "Comment": None,
        "Bindings": {"Add": ["10.0.0.1:25"], "Remove": "x"},
    }
    shell = PowerShell(pool)
    shell.add_cmdlet("Set-ReceiveConnector").add_parameters(sent).add_argument("EX1\\Relay")
    shell.invoke()
    _, call = backend.calls[0]
    assert dict(call.parameters) == sent
    assert call.arguments == ("EX1\\Relay",)
    for value in (*call.parameters.values(), *call.arguments):
        assert type(value) in (str, bool, int, list, dict, type(None))


def test_names_as_typed_at_a_prompt_lose_dash_and_colon(pool: RunspacePool, backend: ScriptedBackend) -> None:
    invoke(pool, "Get-Echo", **{"-Identity:": "x", "-WhatIf": True})
    assert dict(backend.calls[0][1].parameters) == {"Identity": "x", "WhatIf": True}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ps.PSChar("x"), "x"),
        (ps.PSDouble(1.5), 1.5),
        (ps.PSDecimal("2.5"), 2.5),
        (decimal.Decimal(3), 3.0),
        (ps.PSByteArray(b"ab"), "YWI="),
        (ps.PSGuid(uuid.UUID(int=1)), "00000000-0000-0000-0000-000000000001"),
        (ps.PSVersion("15.2.1118.7"), "15.2.1118.7"),
        (ps.PSDuration(days=1, minutes=5), "1.00:05:00"),
        (ps.PSDateTime(2026, 1, 2, tzinfo=datetime.UTC), "2026-01-02T00:00:00+00:00"),
        (ps.ErrorCategory.InvalidArgument, "InvalidArgument"),
        (ps.PSStack([1, "a"]), [1, "a"]),
        (ps.PSScriptBlock("{ x }"), "{ x }"),
        (ps.PSSecureString("top secret"), "System.Security.SecureString"),
        (ps.PSCustomObject(A=1, B=ps.PSList(["x"])), {"A": 1, "B": ["x"]}),
    ],
)
def test_every_value_has_a_plain_form(value: object, expected: object) -> None:
    assert plain(value) == expected


@given(st.timedeltas(datetime.timedelta(days=-999), datetime.timedelta(days=999)))
def test_time_spans_are_written_as_dotnet_does(value: datetime.timedelta) -> None:
    written = time_span(value)
    sign = -1 if written.startswith("-") else 1
    days, _, clock = written.removeprefix("-").rpartition(".") if written.count(".") == 2 else ("", "", written)
    head, _, rest = written.removeprefix("-").partition(":")
    whole, _, hours = head.rpartition(".")
    minutes, _, seconds = rest.partition(":")
    back = datetime.timedelta(
        days=int(whole or 0), hours=int(hours), minutes=int(minutes), microseconds=round(float(seconds) * 1_000_000)
    )
    assert sign * back == value, (days, clock)


# --- streams and states --------------------------------------------------------------------------------------------


def test_errors_that_do_not_end_the_pipeline_go_beside_the_output(pool: RunspacePool, backend: ScriptedBackend) -> None:
    record = CmdletError(
        "The operation couldn't be performed because object 'x' couldn't be found on 'dc1.lab.example'.",
        "[Server=EX1] 8D6F4F1D,Microsoft.Exchange.Management.SystemConfigurationTasks.GetReceiveConnector",
        "InvalidData",
        "EX1\\x",
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
        activity="Get-ReceiveConnector",
    )
    backend.answers["Get-ReceiveConnector"] = lambda call: Outcome([connector()], [record, record], ["Careful.", "é"])
    shell = invoke(pool, "Get-ReceiveConnector")
    assert (shell.state, shell.had_errors, len(shell.output)) == (PSInvocationState.COMPLETED, False, 1)
    assert [str(warning.message) for warning in shell.streams.warning] == ["Careful.", "é"]
    assert len(shell.streams.error) == 2
    error = shell.streams.error[0]
    assert str(error) == record.message
    assert (error.fq_error, error.category, error.target_name) == (record.error_id, 6, "EX1\\x")
    assert error.message == "InvalidData: (EX1\\x:String) [Get-ReceiveConnector], ManagementObjectNotFoundException"
    assert error.exception is not None
    assert error.exception.types[0] == record.exception_type
    assert error.exception.to_string == f"{record.exception_type}: {record.message}"


def test_terminating_error_fails_the_pipeline_and_keeps_what_was_written(
    pool: RunspacePool, backend: ScriptedBackend
) -> None:
    fatal = CmdletError("No.", "X,Y", "PermissionDenied", "", "System.Exception", terminating=True, activity="New-X")
    backend.answers["New-X"] = lambda call: Outcome([text("first")], [fatal], ["about to fail"])
    shell = invoke(pool, "New-X")
    assert (shell.state, shell.had_errors, shell.output) == (PSInvocationState.FAILED, True, ["first"])
    assert [error.fq_error for error in shell.streams.error] == ["X,Y"]
    assert len(shell.streams.warning) == 1


def test_unknown_category_is_not_specified_and_the_next_cmdlet_works(
    pool: RunspacePool, backend: ScriptedBackend
) -> None:
    odd = CmdletError("No.", "X", "NoSuchCategory", "", "E", terminating=False)
    backend.answers["New-X"] = lambda call: Outcome(errors=[odd])
    assert invoke(pool, "New-X").streams.error[0].category == 0
    assert invoke(pool, "Get-Echo").output


def test_defect_of_the_lab_reaches_the_client(pool: RunspacePool, backend: ScriptedBackend) -> None:
    backend.answers["Get-X"] = lambda call: Outcome([][1])
    shell = invoke(pool, "Get-X")
    assert shell.streams.error[0].fq_error == "LabFailure,Get-X"
    assert "IndexError" in str(shell.streams.error[0])


def test_objects_reach_the_client_as_they_were_built(pool: RunspacePool, backend: ScriptedBackend) -> None:
    backend.answers["Get-ReceiveConnector"] = lambda call: Outcome([connector("a"), connector("b")])
    first, second = invoke(pool, "Get-ReceiveConnector").output
    assert first.types == ["Microsoft.Exchange.ReceiveConnector", "System.Object"]
    assert (str(first), second.adapted_properties["Name"]) == ("a", "b")
    assert "<LST><S>10.0.0.1</S></LST>" in first.adapted_properties["RemoteIPRanges"], "raw XML, as pypsrp has it"


def test_input_into_a_cmdlet_is_refused_by_the_cmdlet(pool: RunspacePool, backend: ScriptedBackend) -> None:
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-Echo")
    shell.invoke(input=(item for item in (["one"], ["two"])))
    assert shell.streams.error[0].fq_error == "InputObjectNotBound,Get-Echo"
    assert (shell.had_errors, backend.calls) == (False, [])


# --- time and size ---------------------------------------------------------------------------------------------------


def test_slow_cmdlet_outlives_many_receives(backend: ScriptedBackend) -> None:
    with (
        endpoint("basic", backend=backend, limits=Limits(operation_timeout=0.2)) as running,
        open_pool(running, "basic") as pool,
    ):
        threading.Timer(1.0, backend.gate.set).start()
        assert invoke(pool, "Wait-Gate").output == ["gate"]


def test_stop_returns_while_the_cmdlet_still_runs(pool: RunspacePool, backend: ScriptedBackend) -> None:
    shell = PowerShell(pool)
    shell.add_cmdlet("Wait-Gate")
    shell.begin_invoke()
    assert backend.entered.wait(5)
    began = time.monotonic()
    shell.stop()
    assert time.monotonic() - began < 10.0
    backend.gate.set()
    assert invoke(pool, "Get-Echo").output


def test_pool_runs_no_more_pipelines_than_it_has_runspaces(pool: RunspacePool, backend: ScriptedBackend) -> None:
    first, second = PowerShell(pool), PowerShell(pool)
    first.add_cmdlet("Wait-Gate")
    first.begin_invoke()
    assert backend.entered.wait(5)
    second.add_cmdlet("Get-Echo")
    second.begin_invoke()
    time.sleep(0.2)
    assert backend.names == ["Wait-Gate"], "one runspace, one pipeline at a time"
    assert pool.get_available_runspaces() == 0
    backend.gate.set()
    assert first.end_invoke() == ["gate"]
    assert len(second.end_invoke()) == 1


def test_pool_that_is_made_larger_runs_side_by_side(pool: RunspacePool, backend: ScriptedBackend) -> None:
    pool.max_runspaces = 2
    first = PowerShell(pool)
    first.add_cmdlet("Wait-Gate")
    first.begin_invoke()
    assert backend.entered.wait(5)
    assert len(invoke(pool, "Get-Echo").output) == 1
    backend.gate.set()
    assert first.end_invoke() == ["gate"]


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_large_requests_and_answers_are_fragmented_both_ways(auth: str) -> None:
    ranges = [f"10.{number >> 8}.{number & 255}.7" for number in range(30000)]
    backend = ScriptedBackend()
    backend.answers["Set-ReceiveConnector"] = lambda call: Outcome([connector("big", tuple(call.parameters["R"]))])  # type: ignore[arg-type]
    with endpoint("basic", "ntlm", backend=backend) as running, open_pool(running, auth) as pool:
        found = invoke(pool, "Set-ReceiveConnector", R=ranges).output[0]
        assert backend.calls[0][1].parameters["R"] == ranges
        listed = found.adapted_properties["RemoteIPRanges"]
        assert listed.count("<S>") == 30000
        assert len(listed) > 512000


@given(
    messages=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=8),
    sizes=st.lists(st.integers(FRAGMENT_HEADER + 1, 200), min_size=1, max_size=5),
)
def test_fragments_fit_and_join_to_the_messages(messages: list[bytes], sizes: list[int]) -> None:
    outbox = Outbox(ObjectIds())
    for message in messages:
        outbox.add(message)
    joined: dict[int, bytearray] = {}
    ended: list[int] = []
    turn = 0
    while outbox:
        size = sizes[turn % len(sizes)]
        turn += 1
        rest = bytearray(outbox.take(size))
        assert 0 < len(rest) <= size
        while rest:
            fragment = unpack_fragment(rest)
            assert fragment.data, "no fragment without data"
            assert fragment.start == (fragment.object_id not in joined)
            joined.setdefault(fragment.object_id, bytearray()).extend(fragment.data)
            if fragment.end:
                ended.append(fragment.object_id)
            rest = rest[FRAGMENT_HEADER + len(fragment.data) :]
    assert [bytes(joined[number]) for number in ended] == messages
    assert ended == list(range(1, len(messages) + 1))
