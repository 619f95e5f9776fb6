# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cmdlet is: its parameters, and the one running invocation of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exchange_lab.clixml import Complex, build
from exchange_lab.cmdlets import errors
from exchange_lab.interface import CallContext, Outcome
from exchange_lab.organization.model import ExchangeServer, Organization
from exchange_lab.values import kinds


@dataclass(frozen=True)
class Parameter:
    """One parameter. position: its place among positional arguments. mandatory: PowerShell would prompt for it.
    not_empty: neither null nor an empty list or text binds."""

    name: str
    kind: kinds.AnyKind
    position: int | None = None
    mandatory: bool = False
    not_empty: bool = False

    @property
    def is_switch(self) -> bool:
        return self.kind is kinds.SWITCH


@dataclass(frozen=True)
class Cmdlet:
    """One cmdlet. type_name: its .NET class. prompts: its confirm impact is high, so it asks unless told not to."""

    name: str
    type_name: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Invocation], None]
    writes: bool = False
    prompts: bool = False

    def parameter(self, name: str) -> Parameter:
        return next(parameter for parameter in self.parameters if parameter.name == name)


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
DOMAIN_CONTROLLER = Parameter("DomainController", kinds.FQDN)


@dataclass
class Invocation:
    """One run of a cmdlet: what was bound, and what comes of it."""

    organization: Organization
    context: CallContext
    cmdlet: Cmdlet
    bound: Mapping[str, object]
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
            return self.server.config.domain_controller
        for known in self.organization.config.organization.domain_controllers:
            if known.lower() == wanted.lower():
                return known
        raise errors.unknown_controller(wanted)

    def should_process(self, question: str) -> bool:
        """Whether to go on and write: no for -WhatIf; a confirmation that nobody can be asked for fails."""
        if self.what_if:
            return False
        if bool(self.bound.get("Confirm", self.cmdlet.prompts)):
            raise errors.HostMissing(question)
        return True

    def warn(self, text: str) -> None:
        self.outcome.warnings.append(text)

    def emit(self, value: Complex) -> None:
        self.outcome.output.append(build(value))
