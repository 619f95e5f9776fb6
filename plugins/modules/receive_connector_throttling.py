#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: receive_connector_throttling
short_description: Set the throttling and size limits of one receive connector
version_added: 0.1.0
description:
  - Sets the properties that limit how fast and how much clients may send through one receive connector, by a named
    profile, by single options, or by both. A single option wins over the profile.
  - An option that neither a profile nor the task names is left as it is. What only another profile names goes back to
    Exchange's default, so that it does not matter which profile the connector had before.
  - These are the limits that anonymous relay meets, a connector and a server each; what the client sees of which one is
    in the collection's page about throttling. Throttling policies (M(mailrelay.exchange.throttling_policy)), with
    AnonymousMaxConcurrency among them, have nothing to do with it.
options:
  connector:
    description:
      - Name of the receive connector. It must exist.
    type: str
    required: true
  profile:
    description:
      - V(exchange_default) is what Exchange gives a new connector on a server of this kind; going back to it undoes the
        others.
      - V(guarded) is for shared relays. 100 connections a source, where Exchange has 20, end the refusals that busy
        application servers see, and 50 such hosts still fit into the 5000 of the connector; 600 messages a minute and
        address stop a device that runs wild, and only ever answer with a temporary error.
      - V(high_volume) lifts all limits on one source. It is for few, trusted and very busy hosts.
      - A value whose property the server's version does not have is left out.
    type: str
    choices:
      - exchange_default
      - guarded
      - high_volume
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
  - mailrelay.exchange._writer
  - mailrelay.exchange._throttling_properties
seealso:
  - module: mailrelay.exchange.relay
  - module: mailrelay.exchange.receive_connector
  - module: mailrelay.exchange.throttling_policy
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
# Before:
#
#   Get-ReceiveConnector 'EX1\Relay External' | Format-List MaxInboundConnectionPer*,MessageRateLimit
#   MaxInboundConnectionPerSource           : 20
#   MaxInboundConnectionPercentagePerSource : 2
#   MessageRateLimit                        : Unlimited

- name: Make room for busy application servers, with a ceiling
  mailrelay.exchange.receive_connector_throttling:
    connector: Relay External
    profile: guarded

# After:
#
#   MaxInboundConnectionPerSource           : 100
#   MaxInboundConnectionPercentagePerSource : 10
#   MessageRateLimit                        : 600

- name: Take the profile, and larger messages
  mailrelay.exchange.receive_connector_throttling:
    connector: Relay External
    profile: guarded
    max_message_size: 50MB

- name: Go back to what Exchange gives a new connector
  mailrelay.exchange.receive_connector_throttling:
    connector: Relay External
    profile: exchange_default
"""

RETURN = r"""
changed:
  description: Whether anything differs from before; in check mode, whether a run would write.
  returned: always
  type: bool
  sample: true
changes:
  description:
    - What differs, one entry a connector and property. Lists tell what is added and removed, never all their entries.
  returned: when the server could be read
  type: list
  elements: dict
  sample:
    - connector: Relay External
      property: enabled
      before: null
      after: true
    - connector: Relay External
      property: remote_ip_ranges
      added: [10.20.4.11, 10.20.4.12]
      removed: []
      count_before: 0
      count_after: 2
commands:
  description:
    - The cmdlet calls of the plan in their order, as they can be pasted into the Exchange Management Shell.
    - They are the same in check mode and in the run. A remark C(# if still missing) marks a call that is made only when
      the one before it has not had that effect already.
  returned: when the server could be read
  type: list
  elements: str
  sample:
    - >-
      Set-ReceiveConnector -Identity 'CN=Relay External,CN=SMTP Receive Connectors,CN=Protocols,CN=EX1,CN=Servers,...'
      -Enabled:$true -DomainController 'dc1.contoso.com'
findings:
  description: What is unsafe or wrong with what is declared or found, accepted findings included.
  returned: when the server could be read
  type: list
  elements: dict
  contains:
    id:
      description: Stable name of the finding, the key for O(accept_findings).
      type: str
    severity:
      description: How bad it is.
      type: str
    server:
      description: The server it was found on.
      type: str
    connectors:
      description: The receive connectors it is about.
      type: list
      elements: str
    addresses:
      description: The addresses it is about, the first of them when there are many.
      type: list
      elements: str
    message:
      description: What was found.
      type: str
    remedy:
      description: What to do about it.
      type: str
    accepted:
      description: The reason why it is accepted; absent when it is not.
      type: str
  sample: []
diff:
  description: What differs, before and after, as text. Only what differs.
  returned: when the server could be read
  type: dict
  contains:
    before:
      description: The state that was read.
      type: str
    after:
      description: The state that is declared.
      type: str
  sample:
    before: ""
    after: |
      Relay External:
        enabled: true
domain_controller:
  description: The domain controller that every call named, empty when there was none to name.
  returned: when the server could be read
  type: str
  sample: dc1.contoso.com
plan_id:
  description: Short name of the plan; the same server and the same commands give the same.
  returned: when the server could be read
  type: str
  sample: 5f0c1d2e9ab83c47
rolled_back:
  description:
    - Whether the steps that had been taken were undone, V(true), V(false) or V(partial).
  returned: when a step failed
  type: str
  sample: "true"
remaining:
  description: The commands that undo what could not be undone, to be pasted.
  returned: when a step failed
  type: list
  elements: str
  sample: []
exchange_warnings:
  description: What Exchange itself warned of, in its own language.
  returned: when Exchange warned
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_THROTTLING_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=RECEIVE_CONNECTOR_THROTTLING_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.receive_connector_throttling runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
