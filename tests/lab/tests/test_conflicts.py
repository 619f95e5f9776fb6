# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Uniqueness of bindings and ranges, and the conflict of transport roles on one port."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_lab.cmdlets.conflicts import ranges_conflict
from exchange_lab.values.addresses import IPRange, parse_range

from .conftest import MakeShell, Shell

ROLE_TEXT = (
    "The values that you specified for the Bindings and RemoteIPRanges parameters conflict with the settings on "
    'Receive connector "EX1\\Default Frontend EX1". Receive connectors assigned to different Transport roles on a '
    "single server must listen on unique local IP address & port bindings."
)


def new(shell: Shell, refused: bool = False, **changes: object) -> Any:
    parameters: dict[str, object] = {
        "Name": "Second",
        "Usage": "Custom",
        "Server": "EX1",
        "Bindings": ["0.0.0.0:25"],
        "RemoteIPRanges": ["10.1.0.0/16"],
        "TransportRole": "FrontendTransport",
        **changes,
    }
    return (
        shell.refused("New-ReceiveConnector", **parameters)
        if refused
        else shell.one("New-ReceiveConnector", **parameters)
    )


@pytest.mark.parametrize("ranges", ["10.2.0.0/16", "10.1.2.3", "10.0.0.0/8", "10.1.0.0-10.1.0.9", "fd00::/64"])
def test_disjoint_and_nested_ranges_are_fine(shell: Shell, ranges: str) -> None:
    shell.relay()
    new(shell, RemoteIPRanges=[ranges])


@pytest.mark.parametrize(
    "ranges", ["10.1.0.0/16", "10.1.0.0-10.1.255.255", "10.0.255.0-10.1.0.5", "10.1.255.0-10.2.0.0"]
)
def test_equal_and_partly_overlapping_ranges_are_refused(shell: Shell, ranges: str) -> None:
    shell.relay()
    error = new(shell, refused=True, RemoteIPRanges=["10.77.0.1", ranges])
    assert error.message.startswith(
        "The values that you specified for the Bindings and RemoteIPRanges parameters conflict with the settings on "
        'Receive connector "EX1\\Relay".'
    )
    assert "different Transport roles" not in error.message
    assert error.category == "InvalidOperation"


def test_another_binding_or_another_server_is_no_conflict(shell: Shell) -> None:
    shell.relay()
    new(shell, Name="Port", Bindings=["0.0.0.0:26"])
    new(shell, Name="Address", Bindings=["10.10.1.1:25"])
    new(shell, Name="Family", Bindings=["[::]:25"])
    new(shell, Name="Server", Server="EX2")


def test_one_of_several_bindings_is_enough(shell: Shell) -> None:
    shell.relay()
    new(shell, refused=True, Bindings=["0.0.0.0:26", "0.0.0.0:25"])


def test_the_whole_of_a_default_connector_cannot_be_doubled(shell: Shell) -> None:
    error = new(shell, refused=True, RemoteIPRanges=["0.0.0.0-255.255.255.255"])
    assert '"EX1\\Default Frontend EX1"' in error.message


def test_two_roles_on_one_port(shell: Shell) -> None:
    error = new(shell, refused=True, TransportRole="HubTransport", RemoteIPRanges=["192.168.7.7"])
    assert error.message == ROLE_TEXT
    assert "[FailureCategory=Cmdlet-ReceiveConnectorRoleConflictException]" in error.error_id
    assert error.exception_type.endswith(".ReceiveConnectorRoleConflictException")


def test_a_role_may_not_be_changed_into_a_conflict(shell: Shell) -> None:
    shell.relay()
    assert shell.refused("Set-ReceiveConnector", r"EX1\Relay", TransportRole="HubTransport").message == ROLE_TEXT
    new(shell, Bindings=["0.0.0.0:26"])
    shell.objects("Set-ReceiveConnector", r"EX1\Second", TransportRole="HubTransport")
    shell.refused("Set-ReceiveConnector", r"EX1\Second", Bindings=["0.0.0.0:25"])


@pytest.mark.parametrize("overlap", [True, False])
def test_a_specific_address_beside_all_of_another_role(make_shell: MakeShell, overlap: bool) -> None:
    shell = make_shell(switches={"cross_role_bindings_overlap": overlap})
    new(shell, refused=overlap, TransportRole="HubTransport", Bindings=["10.0.0.5:25"])


@pytest.mark.parametrize("counts", [True, False])
def test_disabled_connectors(make_shell: MakeShell, counts: bool) -> None:
    shell = make_shell(switches={"disabled_connector_conflicts": counts})
    shell.relay(Enabled=False)
    new(shell, refused=counts)
    if not counts:
        error = shell.refused("Set-ReceiveConnector", r"EX1\Relay", Enabled=True)
        assert '"EX1\\Second"' in error.message


@pytest.mark.parametrize("counts", [True, False])
def test_a_new_connector_that_is_disabled(make_shell: MakeShell, counts: bool) -> None:
    shell = make_shell(switches={"disabled_connector_conflicts": counts})
    shell.relay()
    new(shell, refused=counts, Enabled=False)


def test_set_checks_too_and_never_against_itself(shell: Shell) -> None:
    shell.relay()
    new(shell, RemoteIPRanges=["10.2.0.0/16"])
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", RemoteIPRanges=["10.1.0.0/16", "10.3.0.1"])
    error = shell.refused("Set-ReceiveConnector", r"EX1\Relay", RemoteIPRanges=["10.1.0.0-10.2.0.5"])
    assert '"EX1\\Second"' in error.message


def test_every_set_meets_an_old_conflict(shell: Shell) -> None:
    """Setup's own Set -MaxLocalHopCount failed on a conflict that had slipped in."""
    shell.relay()
    new(shell, RemoteIPRanges=["10.2.0.0/16"])
    second = next(item for item in shell.organization.connectors if item.name == "Second")
    second.values["RemoteIPRanges"] = (parse_range("10.1.0.0/16"),)
    assert '"EX1\\Second"' in shell.refused("Set-ReceiveConnector", r"EX1\Relay", MaxLocalHopCount=5).message


RANGE = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(
    lambda ends: IPRange(4, min(ends), max(ends), "LoHi", f"{min(ends)}-{max(ends)}")
)


def conflict_by_definition(mine: list[IPRange], theirs: list[IPRange]) -> bool:
    for a in mine:
        for b in theirs:
            disjoint = a.high < b.low or b.high < a.low
            inside = (a.low <= b.low and b.high <= a.high) or (b.low <= a.low and a.high <= b.high)
            if a.bounds == b.bounds or not (disjoint or inside):
                return True
    return False


@given(st.lists(RANGE, min_size=1, max_size=8), st.lists(RANGE, min_size=1, max_size=8))
def test_the_fast_check_is_the_definition(mine: list[IPRange], theirs: list[IPRange]) -> None:
    assert ranges_conflict(mine, theirs) is conflict_by_definition(mine, theirs)
    assert ranges_conflict(theirs, mine) is conflict_by_definition(mine, theirs)


def test_one_overlap_is_found_among_ten_thousand_ranges() -> None:
    mine = [parse_range(f"10.{n // 250}.{n % 250}.1") for n in range(10_000)]
    theirs = [parse_range(f"10.{n // 250}.{n % 250}.2-10.{n // 250}.{n % 250}.9") for n in range(10_000)]
    assert not ranges_conflict(mine, theirs)
    assert ranges_conflict([*mine, parse_range("10.0.0.9-10.0.0.10")], theirs)
