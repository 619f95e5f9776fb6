# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-, Add- and Remove-ADPermission on receive connectors (permissions.md parts 4 and 5)."""

from __future__ import annotations

from hashlib import sha256
from typing import cast

from exchange_lab.clixml import Complex
from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import DOMAIN_CONTROLLER, Cmdlet, Invocation, Parameter
from exchange_lab.cmdlets.identity import find_connectors, find_server, one_connector
from exchange_lab.cmdlets.reach import CONNECTOR, check_scope
from exchange_lab.cmdlets.texts import Text
from exchange_lab.objects.permission import permission_object
from exchange_lab.organization.acl import RIGHTS, Ace
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.principals import Principal
from exchange_lab.values import enums, kinds

_TASKS = "Microsoft.Exchange.Management.RecipientTasks"


def get_ad_permission(run: Invocation) -> None:
    """List the rows of every connector that the identity matches: an ambiguous name mixes several lists."""
    if run.bound.get("Owner"):
        raise errors.not_simulated("the owners of directory objects")
    controller = run.controller()
    identity = run.text("Identity")
    found = find_connectors(run, identity, run.organization.config.switches.server_name_identities)
    if not found:
        raise _no_such_object(run, identity, controller)
    user = _principal(run) if run.text("User") else None
    for connector in found:
        for row in _arbitrary_order(connector, run.organization.rows_of(connector)):
            if user is None or row.principal == user:
                run.emit(_shown(run, connector, row))


def _shown(run: Invocation, connector: ReceiveConnector, row: Ace) -> Complex:
    return permission_object(run.organization, connector, row, run.server.config.culture)


def _no_such_object(run: Invocation, identity: str, controller: str) -> errors.TaskFailure:
    if find_server(run, identity) is not None:
        return errors.not_simulated("the access control lists of other objects than receive connectors")
    return errors.not_found(identity, controller)


def _arbitrary_order(connector: ReceiveConnector, rows: list[Ace]) -> list[Ace]:
    """Rows come in no order that a client may rely on, but in the same one each time."""
    salt = str(connector.guid)
    return sorted(rows, key=lambda row: sha256(f"{salt}{row.principal.sid}{row.right}{row.deny}".encode()).digest())


def add_ad_permission(run: Invocation) -> None:
    """Add rows, one a right. A row that is already there is a warning, not an error."""
    connector, principal, rights = _target(run)
    if principal.gone:
        # Whether a right can be given to a SID that is nobody's is unverified.
        raise errors.unknown_user(run.text("User"))
    new_rows: list[Ace] = []
    who = {"user": principal.name_in(run.server.config.culture)}
    for right in rights:
        row = Ace(principal, right, bool(run.bound.get("Deny")), inheritance=_inheritance(run))
        if row.key in {known.key for known in [*connector.explicit, *new_rows]}:
            run.warn(Text("ace_present", {"name": connector.distinguished_name, **who}))
        else:
            new_rows.append(row)
    question = Text("add_permission", {"identity": connector.identity, **who})
    if not run.should_process(question) or not new_rows:
        return
    connector.explicit = [*connector.explicit, *new_rows]
    _touch(run, connector)
    for row in new_rows:
        run.emit(_shown(run, connector, row))


def remove_ad_permission(run: Invocation) -> None:
    """Remove explicit rows. A row that is absent or inherited is a warning, not an error."""
    connector, principal, rights = _target(run)
    user = principal.name_in(run.server.config.culture)
    question = Text("remove_permission", {"identity": connector.identity, "user": user})
    deny, inheritance = bool(run.bound.get("Deny")), _inheritance(run)
    wanted = {Ace(principal, right, deny, inheritance=inheritance).key: right for right in rights}
    proceed = run.should_process(question)
    present = {row.key for row in connector.explicit}
    inherited = {row.key for row in run.organization.server_of(connector).inherited}
    for key, right in wanted.items():
        if key not in present:
            # Both texts are those of sibling cmdlets; for this one they are unverified.
            ignored = "ace_inherited" if key in inherited else "ace_absent"
            run.warn(Text(ignored, {"name": connector.distinguished_name, "user": user, "right": right}))
    if not proceed or not present & wanted.keys():
        return
    connector.explicit = [row for row in connector.explicit if row.key not in wanted]
    _touch(run, connector)


def _touch(run: Invocation, connector: ReceiveConnector) -> None:
    run.organization.touch(connector)
    run.changed = True


def _target(run: Invocation) -> tuple[ReceiveConnector, Principal, list[str]]:
    """What Add and Remove act on. Raises a failure for everything that is not there."""
    for name, what in _OTHER_SETS.items():
        if name in run.bound:
            raise errors.not_simulated(what)
    if not run.text("User"):
        raise errors.missing_parameters(["User"])
    controller = run.controller()
    identity = run.text("Identity")
    switches = run.organization.config.switches
    if not find_connectors(run, identity, switches.server_name_identities):
        raise _no_such_object(run, identity, controller)
    connector = one_connector(run, identity, switches.server_name_identities)
    check_scope(run, CONNECTOR, connector.identity, run.organization.server_of(connector))
    principal = _principal(run)
    return connector, principal, _rights(run)


def _principal(run: Invocation) -> Principal:
    name = run.text("User")
    switches, culture = run.organization.config.switches, run.server.config.culture
    principal = run.server.principals.find(name, switches.sid_users, culture)
    if principal is None:
        raise errors.unknown_user(name)
    return principal


def _rights(run: Invocation) -> list[str]:
    names = [str(name) for name in cast("tuple[object, ...]", run.bound.get("ExtendedRights", ()))]
    if not names:
        # What Exchange says when no right at all is named is unverified.
        raise errors.invalid("no_rights")
    for name in names:
        if name.lower() not in RIGHTS:
            raise errors.unknown_right(name)
    return [RIGHTS[name.lower()] for name in names]


def _inheritance(run: Invocation) -> str:
    return str(run.bound.get("InheritanceType", "All"))


_OTHER_SETS = {
    "Owner": "the owners of directory objects",
    "Instance": "the Instance parameter",
    "AccessRights": "access rights other than extended rights",
    "ChildObjectTypes": "rights on child objects",
    "InheritedObjectType": "rights on child objects",
    "Properties": "rights on single properties",
}

_IDENTITY = Parameter("Identity", kinds.STRING, position=0, mandatory=True, not_empty=True)
_USER = Parameter("User", kinds.STRING)
_CHANGE_PARAMETERS = (
    _IDENTITY,
    _USER,
    Parameter("AccessRights", kinds.TEXT_LIST),
    Parameter("ExtendedRights", kinds.TEXT_LIST),
    Parameter("ChildObjectTypes", kinds.TEXT_LIST),
    Parameter("InheritedObjectType", kinds.STRING),
    Parameter("InheritanceType", kinds.enum_kind(enums.SECURITY_INHERITANCE)),
    Parameter("Properties", kinds.TEXT_LIST),
    Parameter("Deny", kinds.SWITCH),
    Parameter("Instance", kinds.STRING),
    DOMAIN_CONTROLLER,
)

CMDLETS: tuple[Cmdlet, ...] = (
    Cmdlet(
        "Get-ADPermission",
        f"{_TASKS}.GetADPermission",
        (_IDENTITY, _USER, Parameter("Owner", kinds.SWITCH), DOMAIN_CONTROLLER),
        get_ad_permission,
    ),
    Cmdlet(
        "Add-ADPermission",
        f"{_TASKS}.AddADPermission",
        (*_CHANGE_PARAMETERS, Parameter("Owner", kinds.STRING)),
        add_ad_permission,
        writes=True,
    ),
    Cmdlet(
        "Remove-ADPermission",
        f"{_TASKS}.RemoveADPermission",
        _CHANGE_PARAMETERS,
        remove_ad_permission,
        writes=True,
        prompts=True,
    ),
)
