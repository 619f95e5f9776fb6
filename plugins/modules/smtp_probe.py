#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_probe
short_description: Prove over SMTP who may relay through a server, and who may not
version_added: 0.1.0
description:
  - The telnet test of every article about relaying, with expectations. Connects to a server, greets it, names a sender
    and every recipient, and reads what the server answers to each of them.
  - Stops before C(DATA) with C(RSET) and C(QUIT), so that nothing is delivered, unless O(send=true).
  - Fails when an answer is not the expected one, in one sentence that names the server, the address of this client,
    the reply and the remedy.
  - The server judges the address that it sees. To probe as an application does, run this module on the
    application's host, or choose one of this host's addresses with O(source_address).
options:
  host:
    description:
      - Name or address of the server. A name that stands for several servers is answered by one of them, so probe the
        name and each server.
    type: str
    required: true
  port:
    description: Port of the server.
    type: int
    default: 25
  resolver:
    description:
      - DNS server to ask for O(host), as V(host) or V(host:port), for instance one that holds the name before it has
        reached all others.
      - When omitted, this machine's own resolver.
    type: str
  source_address:
    description:
      - Address of this machine to connect from.
      - When omitted, the operating system chooses.
    type: str
  helo_name:
    description:
      - Host name to give in C(EHLO).
      - When omitted, this machine's fully qualified name, or its address in brackets when it has none.
    type: str
  sender:
    description:
      - Address for C(MAIL FROM), best one of an authoritative domain of the organization.
      - An empty string is the null sender.
    type: str
    required: true
  recipients:
    description:
      - Whom to ask for. Use at least one address outside the accepted domains of the organization to test a relay.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: Address for C(RCPT TO).
        type: str
        required: true
      expect:
        description: What the server should answer for this recipient. Defaults to O(expect).
        type: str
        choices:
          - accepted
          - relay_refused
          - refused
  expect:
    description:
      - What the server should answer for every recipient without an expectation of its own.
      - V(accepted) is any positive reply.
      - V(relay_refused) is the refusal to relay, C(550 5.7.54) of Exchange 2016 and later or C(550 5.7.1 Unable to
        relay) of the versions before.
      - V(refused) is any lasting refusal, also to relay, and also of the sender.
      - When omitted, the answers are only returned.
    type: str
    choices:
      - accepted
      - relay_refused
      - refused
  unproven_is_failure:
    description:
      - Whether the module fails when nothing can be proven, because the server cannot be reached, is in maintenance,
        has no free connection, or puts the answer off.
      - With V(false) it warns and returns RV(proven=false). An unmet expectation is a failure in any case.
    type: bool
    default: true
  attempts:
    description:
      - How often to ask until everything is proven and as expected, for instance while a change still replicates.
    type: int
    default: 1
  delay:
    description: Seconds between two attempts.
    type: float
    default: 5
  timeout:
    description:
      - Seconds to wait for one reply. Exchange delays refusals to anonymous clients by C(TarpitInterval), 5 seconds by
        default.
    type: float
    default: 30
  starttls:
    description: Whether to encrypt the session with C(STARTTLS).
    type: bool
    default: false
  validate_certs:
    description: Whether the server's certificate must be trusted and must name the server.
    type: bool
    default: true
  ca_path:
    description: File in PEM format with the certificates to trust instead of the system's.
    type: path
  tls_server_name:
    description: Name that the certificate must carry. Defaults to O(host).
    type: str
  username:
    description:
      - User to log on as, C(DOMAIN\user) or a user principal name.
      - When omitted, the session stays anonymous.
    type: str
  password:
    description: Password of O(username).
    type: str
  cleartext_password:
    description: Whether the password may be sent over a session that is not encrypted.
    type: bool
    default: false
  send:
    description:
      - Whether to send a small message to the recipients that were accepted, once every expectation is met.
      - Never in check mode.
    type: bool
    default: false
  subject:
    description: Subject of the message, one line.
    type: str
    default: Relay test
requirements:
  - dnspython >= 2.6, for O(resolver) only
notes:
  - Writes nothing unless O(send=true), so it also probes in check mode.
extends_documentation_fragment:
  - mailrelay.exchange._attributes
attributes:
  check_mode:
    support: full
    details:
      - The probe stops before C(DATA) in check mode.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - Without O(send=true) the module changes nothing. With it, every run sends a message.
seealso:
  - module: mailrelay.exchange.dns_alias
  - module: mailrelay.exchange.relay
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
- name: An application's host may send inside and outside
  mailrelay.exchange.smtp_probe:
    host: smtp.contoso.com
    sender: relaytest@contoso.com
    recipients:
      - address: someone@contoso.com
      - address: someone@fabrikam.com
    expect: accepted

- name: Any other host may send inside only
  mailrelay.exchange.smtp_probe:
    host: ex1.contoso.com
    sender: relaytest@contoso.com
    recipients:
      - address: someone@contoso.com
        expect: accepted
      - address: someone@fabrikam.com
        expect: relay_refused
  delegate_to: localhost

- name: Give a new connector two minutes to replicate
  mailrelay.exchange.smtp_probe:
    host: ex1.contoso.com
    source_address: 10.20.4.11
    sender: relaytest@contoso.com
    recipients:
      - address: someone@fabrikam.com
        expect: accepted
    attempts: 12
    delay: 10

- name: Send a message over TLS as a service account
  mailrelay.exchange.smtp_probe:
    host: smtp.contoso.com
    port: 587
    starttls: true
    username: CONTOSO\svc-scanner
    password: "{{ vault_scanner_password }}"
    sender: scanner@contoso.com
    recipients:
      - address: someone@fabrikam.com
        expect: accepted
    send: true
  register: scanner
"""

RETURN = r"""
verdict:
  description:
    - What the server answered for the recipients, C(mixed) when it differs between them.
    - C(deferred) is a temporary refusal, C(unproven) means that the server was never asked about a recipient.
  returned: always, when the options can be used
  type: str
  sample: accepted
proven:
  description: Whether the server gave a lasting answer for every recipient.
  returned: always, when the options can be used
  type: bool
  sample: true
recipients:
  description: One entry a recipient, in the order given.
  returned: always, when the options can be used
  type: list
  elements: dict
  contains:
    address:
      description: The recipient.
      type: str
    expect:
      description: What was expected, null without an expectation.
      type: str
    verdict:
      description: One of C(accepted), C(relay_refused), C(refused), C(deferred), C(unproven).
      type: str
    reply:
      description: The reply, to C(MAIL FROM) when the server already refused the sender.
      type: str
    met:
      description: Whether the expectation is met, null without one or when nothing is proven.
      type: bool
  sample:
    - address: someone@fabrikam.com
      expect: relay_refused
      verdict: relay_refused
      reply: 550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain
      met: true
hints:
  description: What the replies point to, and what to do about it.
  returned: always, when the options can be used
  type: list
  elements: str
dialogue:
  description: Both sides of the last attempt. The first entry is the server's greeting. Logons are masked.
  returned: always, when the options can be used
  type: list
  elements: dict
  contains:
    client:
      description: What this client sent.
      type: str
    server:
      description: What the server replied, lines separated by line feeds.
      type: str
  sample:
    - client: ""
      server: 220 EX1.contoso.com Microsoft ESMTP MAIL Service ready at Tue, 10 Mar 2026 09:00:00 +0100
    - client: MAIL FROM:<relaytest@contoso.com>
      server: 250 2.1.0 Sender OK
client_address:
  description: The address of this machine that the connection came from, null when there was no connection.
  returned: always, when the options can be used
  type: str
  sample: 10.20.4.11
server_address:
  description: The address that answered, null when there was no connection.
  returned: always, when the options can be used
  type: str
  sample: 10.20.0.11
banner:
  description: The greeting, null when there was none.
  returned: always, when the options can be used
  type: str
capabilities:
  description: What the server offered after C(EHLO), after C(STARTTLS) when that was used.
  returned: always, when the options can be used
  type: dict
  sample:
    SIZE: "37748736"
    PIPELINING: ""
tls:
  description: The encryption, null without O(starttls).
  returned: always, when the options can be used
  type: dict
  contains:
    version:
      description: Protocol version.
      type: str
    cipher:
      description: Cipher suite.
      type: str
    verified:
      description: Whether the certificate was verified.
      type: bool
sent:
  description: Whether a message was sent and taken.
  returned: always, when the options can be used
  type: bool
message_id:
  description: The C(Message-ID) of the message that was sent, null without one.
  returned: always, when the options can be used
  type: str
  sample: <177312.4711.relaytest@contoso.com>
attempts:
  description: How often the server was asked.
  returned: always, when the options can be used
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailrelay.exchange.plugins.module_utils._option_check import PlainRefusal
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp import (
    probe_until,
    without_sending,
)
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_dialogue import DialogueError
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_model import ProbeRequest, Recipient

EXPECT = {"type": "str", "choices": ["accepted", "relay_refused", "refused"]}

ARGUMENT_SPEC = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 25},
    "resolver": {"type": "str"},
    "source_address": {"type": "str"},
    "helo_name": {"type": "str"},
    "sender": {"type": "str", "required": True},
    "recipients": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"address": {"type": "str", "required": True}, "expect": EXPECT},
    },
    "expect": EXPECT,
    "unproven_is_failure": {"type": "bool", "default": True},
    "attempts": {"type": "int", "default": 1},
    "delay": {"type": "float", "default": 5},
    "timeout": {"type": "float", "default": 30},
    "starttls": {"type": "bool", "default": False},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "tls_server_name": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "cleartext_password": {"type": "bool", "default": False, "no_log": False},
    "send": {"type": "bool", "default": False},
    "subject": {"type": "str", "default": "Relay test"},
}
# Options that only the module's own course needs; all others describe the probe.
COURSE = ("recipients", "expect", "unproven_is_failure", "attempts", "delay")


class Module(PlainRefusal, AnsibleModule):
    """AnsibleModule that refuses wrong options in a sentence."""


def request_of(params):
    """Return the ProbeRequest that the options describe."""
    recipients = tuple(Recipient(r["address"], r["expect"] or params["expect"]) for r in params["recipients"])
    options = {name: value for name, value in params.items() if name not in COURSE}
    return ProbeRequest(recipients=recipients, **options)


def main():
    """Run the module."""
    module = Module(
        argument_spec=ARGUMENT_SPEC,
        required_together=[("username", "password")],
        supports_check_mode=True,
    )
    params = module.params
    try:
        wanted = request_of(params)
        request = without_sending(wanted) if module.check_mode else wanted
        result, attempts = probe_until(request, params["attempts"], params["delay"])
    except DialogueError as error:
        module.fail_json(msg=str(error))
    answer = {**result.as_dict(), "attempts": attempts, "msg": result.sentence()}
    answer["changed"] = result.sent or (module.check_mode and wanted.send and result.would_send)
    if result.unmet or (not result.proven and params["unproven_is_failure"]):
        module.fail_json(**answer)
    if not result.proven:
        module.warn(result.sentence())
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
