# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep the organisation in a file, so that a lab that is stopped and started again goes on where it was.

Connectors are written as what Exchange shows of them and read back by the same parsers that read parameters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from exchange_lab.interface import LabError
from exchange_lab.organization.acl import Ace
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import Organization
from exchange_lab.organization.principals import Principals
from exchange_lab.organization.properties import BY_NAME
from exchange_lab.organization.throttling import ThrottlingPolicy
from exchange_lab.values.addresses import IPRange
from exchange_lab.values.directory import ObjectId
from exchange_lab.values.scalars import unlimited_unsigned

FORMAT = 3


def save(organization: Organization, path: Path) -> None:
    """Write the organisation's state at once and whole."""
    with organization.lock:
        content = {
            "format": FORMAT,
            "servers": sorted(server.name for server in organization.servers.values()),
            "connectors": [_plain(connector) for connector in organization.connectors],
            "throttling_policies": [_plain_policy(policy) for policy in organization.throttling_policies],
        }
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def restore(organization: Organization, path: Path) -> bool:
    """Take over the state of a file; False when there is none. Raises LabError when it is of another lab."""
    if not path.exists():
        return False
    content = json.loads(path.read_text(encoding="utf-8"))
    servers = sorted(server.name for server in organization.servers.values())
    if content.get("format") != FORMAT or content.get("servers") != servers:
        raise LabError(
            f"{path} keeps the state of another lab; choose another state directory or start with --fresh to drop it."
        )
    with organization.lock:
        organization.connectors = [_connector(organization, entry) for entry in content["connectors"]]
        organization.throttling_policies = [_policy(entry) for entry in content["throttling_policies"]]
    return True


def _plain(connector: ReceiveConnector) -> dict[str, object]:
    return {
        "server": connector.server,
        "name": connector.name,
        "guid": str(connector.guid),
        "created": connector.created.isoformat(),
        "changed": connector.changed.isoformat(),
        "values": {name: _plain_value(value) for name, value in connector.values.items()},
        "explicit": [[row.principal.sid, row.right, row.deny, row.inheritance] for row in connector.explicit],
    }


def _plain_value(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain_value(item) for item in value]
    if isinstance(value, IPRange):
        return value.expression
    if isinstance(value, ObjectId):
        return value.name
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _plain_policy(policy: ThrottlingPolicy) -> dict[str, object]:
    return {
        **{name: getattr(policy, name) for name in ("name", "container", "scope", "legacy", "default")},
        "guid": str(policy.guid),
        "created": policy.created.isoformat(),
        "changed": policy.changed.isoformat(),
        "values": {name: value if isinstance(value, bool) else str(value) for name, value in policy.values.items()},
    }


def _policy(entry: Mapping[str, Any]) -> ThrottlingPolicy:
    read = {name: entry[name] for name in ("name", "container", "scope", "legacy", "default")}
    return ThrottlingPolicy(
        guid=UUID(entry["guid"]),
        created=datetime.fromisoformat(entry["created"]),
        changed=datetime.fromisoformat(entry["changed"]),
        values={
            name: value if isinstance(value, bool) else unlimited_unsigned(value)
            for name, value in entry["values"].items()
        },
        **read,
    )


def _connector(organization: Organization, entry: Mapping[str, object]) -> ReceiveConnector:
    server = organization.servers[str(entry["server"]).lower()]
    values, explicit = entry["values"], entry["explicit"]
    assert isinstance(values, dict) and isinstance(explicit, list)
    connector = organization.new_connector(
        server,
        str(entry["name"]),
        {name: _value(organization, name, value) for name, value in values.items()},
        [_row(server.principals, row) for row in explicit],
    )
    connector.guid = UUID(str(entry["guid"]))
    connector.created = datetime.fromisoformat(str(entry["created"]))
    connector.changed = datetime.fromisoformat(str(entry["changed"]))
    return connector


def _value(organization: Organization, name: str, plain: object) -> object:
    if name == "DefaultDomain" and plain is not None:
        domains = organization.config.accepted_domains
        return next(organization.accepted_domain_id(domain) for domain in domains if domain.name == plain)
    if plain is None or (isinstance(plain, str) and not plain):
        return plain
    return BY_NAME[name].kind.convert(plain)


def _row(principals: Principals, row: list[object]) -> Ace:
    sid, right, deny, inheritance = row
    return Ace(principals.by_sid(str(sid)), str(right), bool(deny), inheritance=str(inheritance))
