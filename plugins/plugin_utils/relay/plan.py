# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: from declared and actual state of one server to one ordered plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .asking import principals_needed, users_told_by
from .blast_radius import blast_radius
from .changes import changes_of, diff_of
from .compile import compile_steps
from .desired import ANONYMOUS, INTERNAL, DesiredConnector, DesiredConnectors
from .errors import InputError, PlanRefused, RelayError
from .existing import existing
from .findings import Finding, finding, name_addresses, with_acceptance
from .fitting import fit
from .guards import accepted_for, empty_sources, plan_findings
from .internal import answered_by, may_answer
from .model import ReceiveConnector, ServerState
from .moments import Flaw
from .ordering import ordered_moves
from .pictures import picture_of
from .policy import Policy
from .principal_words import is_anonymous
from .principals import is_unknown, told_anonymous, told_users
from .rights import ANONYMOUS_USERS, PERMISSION_GROUPS, anonymous_principal
from .spread import with_left_overs
from .steps import Plan, ServiceOutcome, Step
from .target import Target, resolve
from .world import DOCUMENTED_USERS, World

__all__ = ["Plan", "Policy", "Step", "access_needed", "plan_server", "principals_needed"]

_PREFERRED_REFERENCE = "Default Frontend {server}"


def access_needed(desired: DesiredConnectors, state: ServerState) -> tuple[str, ...]:
    """Distinguished names of the connectors whose access lists the planner has to know.

    Those are the declared connectors that exist, those that answer sources for mail inside only, and, only where the
    anonymous principal's name cannot come from them, one other connector with permission group AnonymousUsers.
    `state.access` may be empty here; asked again with the lists that were read in it, this also names the other
    connector where a list turns out not to tell the name.
    """
    desired = with_left_overs(desired, state)
    pairs = [(entry, _existing(entry, state)) for entry in desired if entry.aspect != "throttling"]
    answering = [(entry, connector) for entry in desired for connector in _answering_inside(entry, state)]
    pairs += answering
    own = [connector for _entry, connector in pairs if connector is not None]
    needed = [connector.distinguished_name for connector in own]

    def told(entry: DesiredConnector) -> bool:
        # A switch to another method only asks before it writes; what is granted is asked for at its turn.
        lasting = entry.method in (None, ANONYMOUS)
        return any(_may_tell(one, state) and (not lasting or _keeps_the_group(one, desired, state)) for one in own)

    if any(_needs_the_name(entry, connector) and not told(entry) for entry, connector in pairs):
        reference = _reference(desired, state)
        if reference is not None:
            needed.append(reference.distinguished_name)
    return tuple(dict.fromkeys((*needed, *users_told_by(desired, state))))


def _answering_inside(entry: DesiredConnector, state: ServerState) -> list[ReceiveConnector]:
    """The connectors that may answer sources which are declared for mail inside only: do they let them relay?"""
    if entry.method != INTERNAL:
        return []
    pictures = {connector.distinguished_name: picture_of(connector, state) for connector in state.connectors}
    before = _existing(entry, state)
    own = None if before is None else pictures[before.distinguished_name]
    found = {picture.distinguished_name for picture in may_answer(entry, own, pictures.values())}
    return [connector for connector in state.connectors if connector.distinguished_name in found]


def _has_the_group(connector: ReceiveConnector) -> bool:
    return ANONYMOUS_USERS in connector.values["permission_groups"]


def _may_tell(connector: ReceiveConnector, state: ServerState) -> bool:
    """Whether the anonymous principal's name can come from this connector, as far as one knows."""
    entries = state.access.get(connector.distinguished_name)
    return _has_the_group(connector) and (entries is None or anonymous_principal(entries) is not None)


def _existing(desired: DesiredConnector, state: ServerState) -> ReceiveConnector | None:
    return existing(desired, state.connectors, state.facts.name)


def _keeps_the_group(connector: ReceiveConnector, desired: DesiredConnectors, state: ServerState) -> bool:
    """Whether a connector that tells the anonymous principal's name still does while the plan is carried out."""
    return not any(
        (entry.state == "absent" or entry.method not in (None, ANONYMOUS)) and _existing(entry, state) is connector
        for entry in desired
    )


def _needs_the_name(entry: DesiredConnector, connector: ReceiveConnector | None) -> bool:
    if entry.state == "absent":
        # What answers sources for mail inside is judged by what it lets anonymous clients do.
        return entry.method == INTERNAL and connector is not None
    if entry.aspect == "permission":
        # Without the name nobody could tell which entries are the permission group's, nor judge what is granted.
        return connector is not None or any(is_anonymous(grant.principal) for grant in entry.grants)
    if entry.aspect == "connector":
        # Its own list tells, unless others have like rights.
        return connector is not None and _has_the_group(connector)
    # An existing connector may still have the right to relay, left over from the other method.
    return entry.method == ANONYMOUS or (entry.method is not None and connector is not None)


def _reference(desired: DesiredConnectors, state: ServerState) -> ReceiveConnector | None:
    """The connector to ask for the anonymous principal's name: the one for the internet, where it has the group."""
    preferred = _PREFERRED_REFERENCE.format(server=state.facts.name).casefold()

    def rank(connector: ReceiveConnector) -> tuple[bool, bool, str]:
        name = connector.name.casefold()
        return not _keeps_the_group(connector, desired, state), name != preferred, name

    candidates = [connector for connector in state.connectors if _may_tell(connector, state)]
    return min(candidates, key=rank, default=None)


def plan_server(desired: DesiredConnectors, state: ServerState, policy: Policy) -> Plan:
    """The ordered steps that make `state` what is `desired`; none when it already is.

    Raises:
        InputError: the declaration cannot be had on this server: a version that lacks a property, values that Exchange
            would refuse together, a connector to change that does not exist.
        PlanRefused: a service is declared for nobody and nobody said why.
        RelayError: the state does not tell enough to plan.
    """
    facts = state.facts
    desired = with_left_overs(desired, state)
    anonymous, reference = _anonymous(desired, state)
    pictures = {entry.name.casefold(): picture_of(entry, state) for entry in state.connectors}
    read = World(
        facts,
        anonymous,
        pictures,
        told_users(pictures.values(), facts.version) or DOCUMENTED_USERS,
        _tells_to_the_end(reference, desired, state),
        state.principals,
    )
    _refuse_unread(desired, state)
    targets = [resolve(entry, read, policy.absent_is_created) for entry in desired]
    _refuse_entangled_names(targets, facts.name)
    targets = fit(targets, read)
    assumed = {target.before.key: target.before for target in targets if target.before is not None}
    world = replace(read, pictures={**read.pictures, **assumed})
    _refuse_emptied(targets, policy, facts.name)
    moves, wrong = ordered_moves(targets, world)
    final = world
    for move in moves:
        final = final.after(move)
    found = [
        *(entry for target in targets for entry in empty_sources(target, facts.name)),
        *blast_radius(targets, world, final, policy.safety),
        *_flaw_findings(wrong, facts.name),
        *plan_findings(targets, moves, final, policy, state.addresses),
        *_unknown_principals(targets, read),
    ]
    changes = changes_of(world, final, moves)
    return Plan(
        facts.name,
        compile_steps(moves, world, reference),
        changes,
        _judged(found, targets, policy),
        diff_of(changes),
        facts.domain_controller,
        _outcomes(targets, final),
        anonymous if reference is None else "",
    )


def _outcomes(targets: Sequence[Target], final: World) -> dict[str, ServiceOutcome]:
    found: dict[str, ServiceOutcome] = {}
    for target in targets:
        if target.desired.service is None:
            continue
        so_far = found.get(target.desired.service, ServiceOutcome(frozenset(), frozenset()))
        picture = final.get(target.name)
        ranges = picture.ranges if picture is not None and picture.enabled else frozenset()
        found[target.desired.service] = ServiceOutcome(
            so_far.connectors | {target.name.casefold(), target.desired.key},
            so_far.ranges | ranges,
            answered_by(target, final) if target.desired.method == INTERNAL else (),
        )
    return found


def _refuse_entangled_names(targets: Sequence[Target], server: str) -> None:
    """One connector that two declarations are about, or that is to leave a name to another one in the same plan."""
    seen: dict[str, Target] = {}
    for target in targets:
        names = {target.name.casefold(), target.desired.key, target.desired.previous_name.casefold()} - {""}
        for key in sorted(names):
            other = seen.setdefault(key, target)
            if other is not target:
                raise InputError(
                    f"Connectors {other.desired.name!r} and {target.desired.name!r} on {server} both have to do with "
                    f"the name {key!r}; give them names of their own, or rename in one rollout and go on in the next."
                )


def _anonymous(desired: DesiredConnectors, state: ServerState) -> tuple[str, str | None]:
    """How this server names the anonymous principal, and the connector whose access list tells.

    Where no list tells, the name in Microsoft's documentation is planned with; every step that relies on it first
    reads the connector's own access list, and takes the name that stands there (`late_name`).

    Raises:
        RelayError: two connectors tell two names.
    """
    lasting_first = sorted(state.connectors, key=lambda entry: not _keeps_the_group(entry, desired, state))
    told = told_anonymous(lasting_first, state.access)
    if len(told) > 1:
        names = " and ".join(repr(name) for name, _connector in told)
        raise RelayError(
            f"On {state.facts.name} the access lists of two connectors name the anonymous principal differently, "
            f"{names}: one of them is an account with like rights; take its rights away first."
        )
    for name, source in told:
        return name, source
    return PERMISSION_GROUPS[ANONYMOUS_USERS][0].principal, None


def _tells_to_the_end(reference: str | None, desired: DesiredConnectors, state: ServerState) -> bool:
    """Whether the connector that tells the anonymous principal's name still does at every step of the plan."""
    telling = next((one for one in state.connectors if one.distinguished_name == reference), None)
    return telling is not None and _keeps_the_group(telling, desired, state)


def _unknown_principals(targets: Iterable[Target], world: World) -> Iterable[Finding]:
    """Whose rights were to go, and who is nobody: one who was misspelt keeps them."""
    for target in targets:
        absent = dict.fromkeys(grant.principal for grant in target.desired.grants if grant.state == "absent")
        unknown = [repr(principal) for principal in absent if is_unknown(principal, target.before, world)]
        if unknown:
            yield finding("unknown_principal", world.facts.name, (target.name,), detail=" and ".join(unknown))


def _refuse_unread(desired: Iterable[DesiredConnector], state: ServerState) -> None:
    for entry in desired:
        connector = _existing(entry, state)
        if connector is None or entry.aspect == "throttling":
            continue
        if connector.distinguished_name not in state.access:
            raise RelayError(f"The access list of connector {connector.name!r} on {state.facts.name} was not read.")


def _refuse_emptied(targets: Sequence[Target], policy: Policy, server: str) -> None:
    """An empty list is an error, steps or not, unless somebody says why it is right."""
    found = [entry for target in targets for entry in empty_sources(target, server)]
    objections = [entry for entry in _judged(found, targets, policy) if entry.refuses]
    if objections:
        raise PlanRefused(objections)


def _judged(found: Iterable[Finding], targets: Sequence[Target], policy: Policy) -> list[Finding]:
    return [with_acceptance(entry, accepted_for(entry, targets, policy)) for entry in found]


def _flaw_findings(found: Iterable[Flaw], server: str) -> Iterable[Finding]:
    for flaw in found:
        named = name_addresses(tuple(map(str, flaw.addresses)))
        doubt = "" if flaw.certain else ", if writing PermissionGroups removes rights granted by hand (undocumented)"
        if flaw.kind in ("gap", "mute"):
            lost = "relay" if flaw.kind == "gap" else "send at all"
            yield finding("service_gap", server, flaw.connectors, flaw.addresses, f"{named} may not {lost}{doubt}")
        elif flaw.kind == "window":
            yield finding("open_window", server, flaw.connectors, flaw.addresses, doubt)
        else:
            later = f"'{flaw.connectors[-1]}', which cannot give it up before; do it in two rollouts"
            yield finding("range_conflict", server, flaw.connectors, flaw.addresses, later)
