# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands as data, and as text that PowerShell reads back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command, render

QUOTES = "'\u2018\u2019\u201a\u201b"


def unquote(text: str) -> str:
    """Read a single-quoted PowerShell string to its end; any quotation mark of QUOTES ends it unless doubled."""
    assert text[0] == "'"
    found, position = "", 1
    while True:
        sign = text[position]
        if sign in QUOTES:
            if position + 1 == len(text):
                return found
            assert text[position + 1] in QUOTES, "the text ended too early"
            position += 1
        found += sign
        position += 1


def test_a_line_that_an_administrator_knows() -> None:
    command = Command.of(
        "New-ReceiveConnector",
        Name="Relay External",
        Server="EX1",
        Usage="Custom",
        Bindings=("0.0.0.0:25",),
        RemoteIPRanges=("10.20.4.11", "10.31.0.0/24"),
        Enabled=False,
        MaxInboundConnection=5000,
        Banner=None,
    )
    assert render(command) == (
        "New-ReceiveConnector -Name 'Relay External' -Server 'EX1' -Usage 'Custom' -Bindings '0.0.0.0:25' "
        "-RemoteIPRanges '10.20.4.11','10.31.0.0/24' -Enabled:$false -MaxInboundConnection 5000 -Banner $null"
    )


def test_an_empty_list_is_written_as_one() -> None:
    assert render(Command.of("Set-ReceiveConnector", TlsDomainCapabilities=())).endswith("-TlsDomainCapabilities @()")


@pytest.mark.parametrize("name", ["it's", "Relay \u2019x", "'; Remove-Item C:\\ '", "$env:x", "`n", '"quoted"'])
def test_no_text_leaves_its_quotes(name: str) -> None:
    line = render(Command.of("Set-ReceiveConnector", Identity=name))
    assert unquote(line.removeprefix("Set-ReceiveConnector -Identity ")) == name


@given(st.text(min_size=1))
def test_every_text_is_read_back(name: str) -> None:
    line = render(Command.of("Set-ReceiveConnector", Identity=name))
    assert unquote(line.removeprefix("Set-ReceiveConnector -Identity ")) == name


@pytest.mark.parametrize("cmdlet", ["", "Get-Foo; Remove-Foo", "& calc", "Get-ReceiveConnector\n"])
def test_script_text_is_no_cmdlet(cmdlet: str) -> None:
    with pytest.raises(ValueError, match="not the name of a cmdlet"):
        Command(cmdlet)


@pytest.mark.parametrize("parameter", ["Name -Force", "-Name", "", "name"])
def test_script_text_is_no_parameter(parameter: str) -> None:
    with pytest.raises(ValueError, match="not the name of a parameter"):
        Command("Get-ReceiveConnector", ((parameter, "x"),))


@pytest.mark.parametrize("value", [["a"], {"a": 1}, 1.5, ("a", 1), object()])
def test_only_plain_values_are_carried(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        Command.of("Get-ReceiveConnector", Identity=value)


def test_a_parameter_appears_once() -> None:
    with pytest.raises(ValueError, match="given twice"):
        Command("Get-ReceiveConnector", (("Identity", "a"), ("identity", "b")))


def test_parameters_are_found_and_replaced() -> None:
    command = Command.of("Set-ReceiveConnector", Identity="a", Banner=None)
    assert command.value("IDENTITY") == "a"
    assert command.value("Comment") is None
    assert command.has("banner")
    assert not command.has("Comment")
    changed = command.with_parameters(Identity="b", DomainController="dc1")
    assert changed.parameters == (("Identity", "b"), ("Banner", None), ("DomainController", "dc1"))
    assert command.value("Identity") == "a"
