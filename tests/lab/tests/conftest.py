# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An organisation without sockets, and a shell to call its cmdlets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from exchange_lab.answers import Answers
from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import parse
from exchange_lab.interface import CallContext, CmdletCall, CmdletError, Outcome
from exchange_lab.journal import Journal
from exchange_lab.organization.model import Organization

Plain = dict[str, object]


def lab_content(**changes: object) -> dict[str, object]:
    """A lab file of two servers without any network service."""
    content: dict[str, object] = {
        "organization": {
            "name": "Lab Organization",
            "domain": "lab.example",
            "domain_controllers": ["dc1.lab.example", "dc2.lab.example"],
        },
        "accounts": {
            "administrator": {"password": "Secret-1", "role_groups": ["Organization Management"]},
            "operator": {"password": "Secret-2", "role_groups": ["Server Management"]},
            "hygienist": {"password": "Secret-3", "role_groups": ["Hygiene Management"]},
            "auditor": {"password": "Secret-4", "role_groups": ["View-Only Organization Management"]},
            "nobody": {"password": "Secret-5"},
        },
        "servers": {
            "EX1": {"address": "127.0.1.1", "auth": ["basic"], "addresses": ["127.0.1.1", "fd00::1"]},
            "EX2": {"address": "127.0.1.2", "auth": ["basic"], "domain_controller": "dc2.lab.example"},
        },
    }
    return {**content, **changes}


def plain(element: Element) -> object:
    """Decode an element the simple way: lists as lists, other objects as their text, values as Python values."""
    if element.tag == "Nil":
        return None
    if element.tag == "B":
        return element.text == "true"
    if element.tag in ("I32", "I64", "By"):
        return int(element.text or "")
    if element.tag == "Obj":
        items = element.find("LST")
        if items is not None:
            return [plain(item) for item in items]
        return element.findtext("ToString")
    return element.text or ""


def properties(element: Element) -> Plain:
    """The properties of one output object by name."""
    found = element.find("Props")
    assert found is not None
    return {str(item.get("N")): plain(item) for item in found}


@dataclass
class Shell:
    """A session of one account on one server."""

    organization: Organization
    backend: ExchangeBackend
    journal: Journal
    server: str = "EX1"
    user: str = "administrator"

    def on(self, server: str | None = None, user: str | None = None) -> Shell:
        return Shell(self.organization, self.backend, self.journal, server or self.server, user or self.user)

    @property
    def context(self) -> CallContext:
        return CallContext(self.server, self.user, "test")

    def call(self, cmdlet: str, *arguments: object, **parameters: object) -> Outcome:
        return self.backend.execute(self.context, CmdletCall(cmdlet, parameters, arguments))

    def objects(self, cmdlet: str, *arguments: object, **parameters: object) -> list[Plain]:
        """Run a cmdlet that must succeed without a warning; return its output decoded."""
        outcome = self.call(cmdlet, *arguments, **parameters)
        assert outcome.errors == []
        assert outcome.warnings == []
        return [properties(element) for element in outcome.output]

    def one(self, cmdlet: str, *arguments: object, **parameters: object) -> Plain:
        [found] = self.objects(cmdlet, *arguments, **parameters)
        return found

    def refused(self, cmdlet: str, *arguments: object, **parameters: object) -> CmdletError:
        """Run a cmdlet that must fail and change nothing; return its error."""
        before = self.state()
        outcome = self.call(cmdlet, *arguments, **parameters)
        assert outcome.output == []
        [error] = outcome.errors
        assert self.state() == before, "a refused cmdlet must change nothing"
        return error

    def state(self) -> object:
        connectors = [
            (item.identity, item.guid, dict(item.values), list(item.explicit), item.changed)
            for item in self.organization.connectors
        ]
        policies = [
            (item.name, item.guid, item.scope, dict(item.values), item.changed)
            for item in self.organization.throttling_policies
        ]
        return connectors, policies

    def relay(self, **changes: object) -> Plain:
        """Create a legal relay connector on EX1."""
        parameters: dict[str, object] = {
            "Name": "Relay",
            "Usage": "Custom",
            "Server": "EX1",
            "Bindings": ["0.0.0.0:25"],
            "RemoteIPRanges": ["10.1.0.0/16"],
            "TransportRole": "FrontendTransport",
        }
        return self.one("New-ReceiveConnector", **{**parameters, **changes})

    @property
    def answers(self) -> Answers:
        return Answers(self.organization)


MakeShell = Callable[..., Shell]


@pytest.fixture
def make_shell(tmp_path: Path) -> MakeShell:
    """Build an organisation from a changed lab file."""

    def make(**changes: object) -> Shell:
        organization = Organization(parse(lab_content(**changes)))
        journal = Journal(tmp_path / "journal.jsonl")
        return Shell(organization, ExchangeBackend(organization, journal), journal)

    return make


@pytest.fixture
def shell(make_shell: MakeShell) -> Shell:
    return make_shell()
