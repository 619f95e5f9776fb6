#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_alias
short_description: Point the DNS name of a relay at its servers by one atomic update
version_added: 0.1.0
description:
  - Gives a service a DNS name of its own, so that devices keep their setting when a server is replaced.
  - The name becomes a C(CNAME) of one server, or holds the addresses of several servers. It is changed by ONE dynamic
    update (RFC 2136), so that there is no moment without an answer, also when a C(CNAME) replaces addresses or the
    other way round.
  - The update carries what was read before as its precondition. If somebody else changes the name in between, the
    server refuses all of it and nothing is lost.
  - The server is asked again afterwards. The module succeeds only when the server answers what was declared.
  - No other name is touched. Records of other types that the same name holds stay; where DNS forbids them beside a
    C(CNAME), the module refuses.
options:
  name:
    description: The name, fully qualified.
    type: str
    required: true
  type:
    description:
      - V(cname) makes the name an alias of the one name in O(targets).
      - V(address) makes the name resolve to exactly the addresses in O(targets), as C(A) and C(AAAA) records.
      - V(a) and V(aaaa) do the same and accept addresses of one family only. Addresses of the other family are removed
        from the name too, because a client would still use them.
      - Ignored with O(state=absent).
    type: str
    choices:
      - cname
      - a
      - aaaa
      - address
    default: cname
  targets:
    description:
      - The fully qualified name of the server with O(type=cname), else the addresses of all servers.
      - Required with O(state=present). The order does not matter.
    type: list
    elements: str
  ttl:
    description:
      - Time to live in seconds.
      - When omitted, a present time to live is kept and never a reason for a change. New records get 300 seconds.
    type: int
  state:
    description:
      - V(present) makes the name hold exactly O(targets).
      - V(absent) removes its C(CNAME), C(A) and C(AAAA) records.
    type: str
    choices:
      - present
      - absent
    default: present
  zone:
    description:
      - The zone that must hold the name.
      - When omitted, it is found by asking O(server) for the start of authority. When given, it is only checked.
    type: str
  server:
    description: Name or address of the DNS server that takes the update, best the primary server of the zone.
    type: str
    required: true
  port:
    description: Port of O(server).
    type: int
    default: 53
  tcp:
    description: Whether to use TCP. With V(false), UDP is used, and TCP for what does not fit.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for one answer, and for the effect of the update to be seen.
    type: float
    default: 10
  key_name:
    description:
      - Name of the TSIG key that signs every message. Without a key, O(server) must allow this machine by its address.
    type: str
  key_secret:
    description: Secret of the key, as base64.
    type: str
  key_algorithm:
    description: Algorithm of the key.
    type: str
    choices:
      - hmac-sha1
      - hmac-sha224
      - hmac-sha256
      - hmac-sha384
      - hmac-sha512
      - hmac-md5
    default: hmac-sha256
requirements:
  - dnspython >= 2.6
notes:
  - Runs on any machine that reaches the DNS server. As a rule, delegate it to the control node.
  - Windows DNS servers that accept secure updates only want GSS-TSIG, which this module does not speak.
    Use M(ansible.windows.win_dns_record) from version 3.5.0 on for those.
extends_documentation_fragment:
  - mailrelay.exchange._attributes
seealso:
  - module: mailrelay.exchange.smtp_probe
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
- name: Point the relay's name at a server
  mailrelay.exchange.dns_alias:
    name: smtp.contoso.com
    targets:
      - ex1.contoso.com
    server: dns1.contoso.com
    key_name: relay-key
    key_secret: "{{ vault_relay_key }}"
  delegate_to: localhost

- name: Spread the relay's name over two servers, whatever it was before
  mailrelay.exchange.dns_alias:
    name: smtp.contoso.com
    type: address
    targets:
      - 10.20.0.11
      - 10.20.0.12
    ttl: 300
    server: dns1.contoso.com
    key_name: relay-key
    key_secret: "{{ vault_relay_key }}"
  delegate_to: localhost

- name: Take the name of a retired relay away
  mailrelay.exchange.dns_alias:
    name: oldrelay.contoso.com
    state: absent
    server: dns1.contoso.com
    key_name: relay-key
    key_secret: "{{ vault_relay_key }}"
  delegate_to: localhost
"""

RETURN = r"""
name:
  description: The name in its canonical form, lower case without a final dot.
  returned: success
  type: str
  sample: smtp.contoso.com
zone:
  description: The zone that holds the name.
  returned: success
  type: str
  sample: contoso.com
before:
  description: The records of the name before.
  returned: success
  type: list
  elements: dict
  contains:
    type:
      description: Type of the record.
      type: str
    ttl:
      description: Time to live in seconds.
      type: int
    value:
      description: The value; names in lower case without a final dot.
      type: str
  sample:
    - type: A
      ttl: 3600
      value: 10.20.0.9
after:
  description: The records of the name afterwards, as the server answered them. In check mode, as they would be.
  returned: success
  type: list
  elements: dict
  contains:
    type:
      description: Type of the record.
      type: str
    ttl:
      description: Time to live in seconds.
      type: int
    value:
      description: The value; names in lower case without a final dot.
      type: str
  sample:
    - type: CNAME
      ttl: 3600
      value: ex1.contoso.com
serial:
  description: Serial number of the zone afterwards.
  returned: success
  type: int
  sample: 2026031502
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailrelay.exchange.plugins.module_utils._dns import (
    DnsError,
    ensure_alias,
    parse_alias,
    record_text,
)
from ansible_collections.mailrelay.exchange.plugins.module_utils._dnspython import (
    IMPORT_ERROR,
    KEY_ALGORITHMS,
    MISSING_LIBRARY,
    DnsClient,
    make_key,
)
from ansible_collections.mailrelay.exchange.plugins.module_utils._option_check import PlainRefusal

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["cname", "a", "aaaa", "address"], "default": "cname"},
    "targets": {"type": "list", "elements": "str"},
    "ttl": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "zone": {"type": "str"},
    "server": {"type": "str", "required": True},
    "port": {"type": "int", "default": 53},
    "tcp": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 10},
    "key_name": {"type": "str"},
    "key_secret": {"type": "str", "no_log": True},
    "key_algorithm": {"type": "str", "choices": list(KEY_ALGORITHMS), "default": "hmac-sha256"},
}

LONGEST_TIMEOUT = 86400


class Module(PlainRefusal, AnsibleModule):
    """AnsibleModule that refuses wrong options in a sentence."""


def client_for(params):
    """Return the DnsClient that the options describe; raise DnsError for options that no client can work with."""
    if not params["server"].strip() or not params["server"].isprintable():
        raise DnsError(f"server {params['server']!r} is no server: give the name or the address of one.")
    if not 0 < params["port"] < 65536:
        raise DnsError(f"port {params['port']} is no port: give 1 to 65535.")
    if not 0 < params["timeout"] <= LONGEST_TIMEOUT:
        raise DnsError(f"timeout {params['timeout']:g} is no time to wait: give seconds, above 0, at most 86400.")
    if bool(params["key_name"]) != bool(params["key_secret"]):
        given, missing = ("key_name", "key_secret") if params["key_name"] else ("key_secret", "key_name")
        raise DnsError(f"{given} is given without {missing}: give both, or neither.")
    key = None
    if params["key_name"]:
        key = make_key(params["key_name"], params["key_secret"], params["key_algorithm"])
    return DnsClient(params["server"], params["port"], params["tcp"], params["timeout"], key)


def result_of(name, outcome):
    """Return the module's result for an Outcome."""
    return {
        "changed": outcome.changed,
        "name": name,
        "zone": outcome.zone,
        "before": [record.as_dict() for record in outcome.before],
        "after": [record.as_dict() for record in outcome.after],
        "serial": outcome.serial,
        "diff": {"before": record_text(name, outcome.before), "after": record_text(name, outcome.after)},
    }


def main():
    """Run the module."""
    module = Module(
        argument_spec=ARGUMENT_SPEC,
        required_together=[("key_name", "key_secret")],
        supports_check_mode=True,
    )
    if IMPORT_ERROR:
        module.fail_json(msg=MISSING_LIBRARY, exception=IMPORT_ERROR)
    params = module.params
    try:
        alias = parse_alias(
            params["name"],
            kind=params["type"],
            targets=params["targets"],
            ttl=params["ttl"],
            present=params["state"] == "present",
            zone=params["zone"],
        )
        outcome = ensure_alias(alias, client_for(params), module.check_mode)
    except DnsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result_of(alias.name, outcome))


if __name__ == "__main__":
    main()
