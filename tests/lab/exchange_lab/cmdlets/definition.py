# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cmdlet is: its parameters, and the one running invocation of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from exchange_lab.clixml import Complex, build
from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.texts import Text
from exchange_lab.interface import CallContext, Outcome
from exchange_lab.organization.model import ExchangeServer, Organization
from exchange_lab.organization.roles import EVERYTHING, View
from exchange_lab.values import kinds
from exchange_lab.versions import Platform


@dataclass(frozen=True)
class Parameter:
    """One parameter. position: its place among positional arguments. mandatory: PowerShell would prompt for it.
    not_empty: neither null nor an empty list or text binds. since, until: the versions that have it. on_edge: whether
    Edge Transport has it."""

    name: str
    kind: kinds.AnyKind
    position: int | None = None
    mandatory: bool = False
    not_empty: bool = False
    since: str = "2007"
    until: str | None = None
    on_edge: bool = True

    @property
    def is_switch(self) -> bool:
        return self.kind is kinds.SWITCH

    def exists(self, platform: Platform) -> bool:
        """Whether the parameter binds on a server."""
        missing_on_edge = platform.edge and not self.on_edge and not platform.edge_refuses
        return platform.has(self.since, self.until) and not missing_on_edge


@dataclass(frozen=True)
class Cmdlet:
    """One cmdlet. type_name: its .NET class. prompts: its confirm impact is high, so it asks unless told not to. since:
    the first version that has it. on_edge: whether Edge Transport has it."""

    name: str
    type_name: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Invocation], None]
    writes: bool = False
    prompts: bool = False
    since: str = "2007"
    on_edge: bool = True

    def exists(self, platform: Platform) -> bool:
        """Whether a server has the cmdlet at all, whoever asks."""
        return platform.has(self.since) and (self.on_edge or not platform.edge)


COMMON = tuple(
    Parameter(name, kinds.SWITCH if name in ("Verbose", "Debug") else kinds.STRING)
    for name in (
        "Verbose",
        "Debug",
        "ErrorAction",
        "WarningAction",
        "InformationAction",
        "ErrorVariable",
        "WarningVariable",
        "InformationVariable",
        "OutVariable",
        "OutBuffer",
        "PipelineVariable",
    )
)
CONFIRMATION = (Parameter("WhatIf", kinds.SWITCH), Parameter("Confirm", kinds.SWITCH))
DOMAIN_CONTROLLER = Parameter("DomainController", kinds.FQDN, on_edge=False)


@dataclass
class Invocation:
    """One run of a cmdlet: what was bound, what its account sees and may change, and what comes of it."""

    organization: Organization
    context: CallContext
    cmdlet: Cmdlet
    bound: Mapping[str, object]
    view: View = EVERYTHING
    outcome: Outcome = field(default_factory=Outcome)
    changed: bool = False

    @property
    def server(self) -> ExchangeServer:
        """The server that executes the cmdlet."""
        return self.organization.servers[self.context.server.lower()]

    @property
    def what_if(self) -> bool:
        return bool(self.bound.get("WhatIf"))

    def text(self, name: str) -> str:
        """A bound text parameter, empty when it is absent or null."""
        value = self.bound.get(name)
        return "" if value is None else str(value)

    def controller(self) -> str:
        """The domain controller that the cmdlet talks to; fails for one that the forest does not have."""
        wanted = self.text("DomainController")
        if not wanted:
            # An Edge Transport server reads its own directory (that it calls it so is unverified).
            return self.server.config.domain_controller or "localhost"
        for known in self.organization.config.organization.domain_controllers:
            if known.lower() == wanted.lower():
                return known
        raise errors.unknown_controller(wanted)

    def should_process(self, question: Text) -> bool:
        """Whether to go on and write: no for -WhatIf; a confirmation that nobody can be asked for fails."""
        if self.what_if:
            return False
        if bool(self.bound.get("Confirm", self.cmdlet.prompts)):
            raise errors.HostMissing(question)
        return True

    @property
    def platform(self) -> Platform:
        """What decides which parameters the executing server has."""
        refuses = self.organization.config.switches.edge_parameters == "refused"
        return replace(self.server.config.platform, edge_refuses=refuses)

    def warn(self, text: Text) -> None:
        """Write a warning in the language of the executing server."""
        self.outcome.warnings.append(text.in_language(self.server.config.culture))

    def emit(self, value: Complex) -> None:
        self.outcome.output.append(build(value))
