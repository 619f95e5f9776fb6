# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever a client sends, a cmdlet answers: it never breaks, and an error never leaves a trace."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import fromstring, tostring

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_lab.backend import ExchangeBackend
from exchange_lab.cmdlets.binding import all_parameters
from exchange_lab.cmdlets.registry import CMDLETS
from exchange_lab.config import parse
from exchange_lab.interface import CallContext, CmdletCall
from exchange_lab.journal import Journal
from exchange_lab.organization.model import Organization
from exchange_lab.organization.storage import restore, save
from exchange_lab.versions import Platform

from .conftest import Shell, lab_content, properties

TEXTS = st.sampled_from(
    [
        "",
        "x",
        "EX1",
        "Relay",
        r"EX1\Default EX1",
        r"EX1\Default Frontend EX1",
        "10.0.0.1",
        "10.0.0.0/8",
        "fe80::1%3",
        "10.0.0.9-10.0.0.1",
        "0.0.0.0:25",
        "[::]:99999",
        "unlimited",
        "00:00:00",
        "9" * 30,
        "1.5GB",
        "Custom",
        "AnonymousUsers, Custom",
        "FrontendTransport",
        "ms-Exch-SMTP-Submit",
        "ANONYMOUS LOGON",
        "lab.example",
        "dc1.lab.example",
        "220 x",
        "_x000A_\x00\n\ud7ff",
        "²",
        "*[!",
        "\\",
    ]
) | st.text(max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = (
    SCALARS
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(st.sampled_from(["Add", "Remove", "x"]), SCALARS, max_size=2)
)


RIGHT: dict[str, dict[str, object]] = {
    "New-ReceiveConnector": {"Usage": "Custom", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]},
    "Add-ADPermission": {"User": "operator", "ExtendedRights": ["ms-Exch-SMTP-Submit"]},
    "Remove-ADPermission": {"User": "operator", "ExtendedRights": ["ms-Exch-SMTP-Submit"]},
}


SERVERS: list[dict[str, object]] = [
    {"version": "2019"},
    {"version": "2007", "culture": "de"},
    {"version": "2010", "culture": "fr"},
    {"version": "2013", "roles": ["client_access"]},
    {"version": "2016", "roles": ["edge"]},
]


@st.composite
def calls(draw: st.DrawFn) -> CmdletCall:
    cmdlet = draw(st.sampled_from(list(CMDLETS.values())))
    names = [parameter.name for parameter in all_parameters(cmdlet, Platform("2019"))]
    parameters = draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=6))
    if draw(st.booleans()):
        # Right where it matters, so that the rest of the call is reached.
        right: dict[str, object] = {
            "Identity": r"EX1\Default EX1",
            "Name": "New",
            "Confirm": False,
            **RIGHT.get(cmdlet.name, {}),
        }
        known: dict[str, object] = {name: value for name, value in right.items() if name in names}
        return CmdletCall(cmdlet.name, {**parameters, **known})
    return CmdletCall(cmdlet.name, parameters, tuple(draw(st.lists(VALUES, max_size=2))))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SERVERS), st.lists(calls(), min_size=1, max_size=4))
def test_no_call_breaks_a_cmdlet(server: dict[str, object], sequence: list[CmdletCall]) -> None:
    config = parse(lab_content(servers={"EX1": {"address": "127.0.1.1", "auth": ["basic"], **server}}))
    with TemporaryDirectory() as folder:
        organization = Organization(config)
        journal = Journal(Path(folder) / "journal.jsonl")
        shell = Shell(organization, ExchangeBackend(organization, journal), journal)
        for call in sequence:
            before = shell.state()
            outcome = shell.backend.execute(CallContext("EX1", "administrator"), call)
            if outcome.errors and call.name != "Get-Command":
                assert shell.state() == before and outcome.output == []
            for element in outcome.output:
                assert properties(fromstring(tostring(element, encoding="unicode")))  # noqa: S314
        assert len(journal.cmdlets()) == len(sequence)
        save(organization, Path(folder) / "organization.json")
        again = Organization(config)
        assert restore(again, Path(folder) / "organization.json")
        assert again.connectors == organization.connectors
        journal.close()


def test_the_journal_takes_what_no_json_knows(shell: Shell) -> None:
    shell.call("Set-ReceiveConnector", r"EX1\Default EX1", Comment={"stream": StringIO("x")})
    assert "StringIO" in str(shell.journal.cmdlets()[-1]["parameters"])
