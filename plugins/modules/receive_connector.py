#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: receive_connector
short_description: Create, change or remove one receive connector
version_added: 0.1.0
description:
  - Manages the properties of one receive connector of one server, for those who compose their own.
    M(mailrelay.exchange.relay) does everything that a relay needs in one plan.
  - An option that is omitted or null is left as it is, also when it is not Exchange's default. An empty text or list
    clears the property.
  - A new connector is made with O(usage), V(Custom) when it is not declared, which gives nobody any right.
    O(usage=Custom) and O(usage=Partner) need O(bindings) and O(remote_ip_ranges), O(usage=Internet) needs O(bindings)
    and takes no O(remote_ip_ranges), O(usage=Client) and O(usage=Internal) need O(remote_ip_ranges).
  - O(transport_role) of a new connector is V(FrontendTransport) when nothing else is said, V(HubTransport) on a Mailbox
    server of 2013 that has no front end, and nothing on 2007, 2010 and Edge Transport servers.
  - A property that the version or the role of the server does not have is refused before anything is written, with the
    version named. What only Set-ReceiveConnector takes is set by a second call of the same plan.
  - Every list is written only where the connector still is as it was read. When somebody else changed a list of it, its
    name, its transport role or whether it is enabled meanwhile, the run stops, says what was added and removed, and
    undoes what it had done; what they wrote stays.
  - A connector that newly trusts its sources, by V(ExternalAuthoritative) in O(auth_mechanism), or newly takes
    passwords in the clear, by V(BasicAuth) without V(BasicAuthRequireTLS), is refused until the finding
    V(externally_secured_bypass) or V(plain_basic) is in O(accept_findings). Creating a copy of such a connector and
    restoring one that was removed count as well; one that is like that already only gets the finding.
  - Rights are managed by M(mailrelay.exchange.receive_connector_permission) and are left alone here, except for those
    that Exchange itself changes along with O(permission_groups).
options:
  previous_name:
    description:
      - Name that the connector had before. When there is none called O(name) and one called O(previous_name), that one
        is renamed and keeps its rights.
      - It is an error when both exist.
    type: str
  guid:
    description:
      - GUID of the connector, as M(mailrelay.exchange.receive_connector_info) lists it. It tells which connector is
        meant, whatever its name; O(name) is then the name that it is to have.
      - It is an error when the server has no connector with this GUID and O(state=present), because nothing is
        created by it.
    type: str
  state:
    description:
      - V(present) makes the connector exist with what is declared; V(absent) removes it.
      - Default connectors cannot be removed.
    type: str
    choices:
      - present
      - absent
    default: present
  safety:
    description:
      - Limits that a declaration must keep.
    type: dict
    suboptions:
      max_addresses:
        description:
          - A range with more addresses, on a connector that lets anonymous clients relay, is the finding V(open_relay).
        type: int
        default: 65536
      max_removed:
        description:
          - How many of its remote IP ranges the connector may lose in one run; more is the finding
            V(too_many_removed), and so is removing the connector. Without this option there is no such limit.
          - The smaller of the two limits holds, and one range may always go.
        type: dict
        suboptions:
          count:
            description:
              - So many ranges; 5 when omitted.
            type: int
          percent:
            description:
              - So many percent of the ranges that the connector has; 2 when omitted.
            type: float
      max_added_addresses:
        description:
          - How many addresses the connector may gain in one run; more is the finding V(too_many_added). Without this
            option there is no such limit.
        type: int
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
  - mailrelay.exchange._writer
  - mailrelay.exchange._receive_connector_properties
seealso:
  - module: mailrelay.exchange.relay
  - module: mailrelay.exchange.receive_connector_info
  - module: mailrelay.exchange.receive_connector_permission
  - module: mailrelay.exchange.receive_connector_throttling
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
- name: Create a connector for the scanners, which send to mailboxes of their own organisation only
  mailrelay.exchange.receive_connector:
    name: Scanners
    bindings:
      - 0.0.0.0:25
    remote_ip_ranges:
      - 10.31.0.0/24
      - 10.31.4.7
    permission_groups:
      - AnonymousUsers
    comment: Scan to mail; print@contoso.com

# Before:
#
#   Get-ReceiveConnector 'EX1\Scanners' | Format-List RemoteIPRanges,ProtocolLoggingLevel
#   RemoteIPRanges       : {10.31.0.0/24, 10.31.4.7}
#   ProtocolLoggingLevel : None

- name: Add one scanner, take another away, and log the dialogue
  mailrelay.exchange.receive_connector:
    name: Scanners
    remote_ip_ranges:
      add:
        - 10.31.4.8
      remove:
        - 10.31.4.7
    protocol_logging_level: verbose

# After:
#
#   RemoteIPRanges       : {10.31.0.0/24, 10.31.4.8}
#   ProtocolLoggingLevel : Verbose

- name: Give the whole list, from a text as a survey has it
  mailrelay.exchange.receive_connector:
    name: Scanners
    remote_ip_ranges:
      set: |
        10.31.0.0/24
        10.31.4.8, 10.31.4.9
        2001:db8:31::/64

- name: Give the connector another name, rights and all; a second run finds it under its new name
  mailrelay.exchange.receive_connector:
    name: Scanners and printers
    previous_name: Scanners

- name: Find out which connector it is, whatever it will be called
  mailrelay.exchange.receive_connector_info:
    name: Scanners and printers
  register: known

- name: Give it a name with the server's in it, told by its GUID
  mailrelay.exchange.receive_connector:
    name: "Devices {server}"
    guid: "{{ known.receive_connectors[0].guid }}"

- name: Create a connector for a partner that must encrypt; Exchange seeds its permission group
  mailrelay.exchange.receive_connector:
    name: Partner Fabrikam
    usage: Partner
    bindings:
      - 0.0.0.0:25
    remote_ip_ranges:
      - 203.0.113.0/28
    require_tls: true
    domain_secure_enabled: true
    fqdn: mail.contoso.com

- name: Create a connector for mail programs, which log on; Exchange binds it to port 587
  mailrelay.exchange.receive_connector:
    name: Mail programs
    usage: Client
    remote_ip_ranges:
      - 10.40.0.0/16

- name: Ask which version the server has
  mailrelay.exchange.exchange_server_info:
    gather: []
  register: asked

- name: Refuse recipients in .test and the like where the version can; elsewhere the option is not declared
  mailrelay.exchange.receive_connector:
    name: "Devices {server}"
    reject_reserved_top_level_recipient_domains: "{{ true if asked.exchange_server.version in newer else omit }}"
  vars:
    newer: ["2016", "2019", "SE"]

- name: Stop using the connector without losing it
  mailrelay.exchange.receive_connector:
    name: "Devices {server}"
    enabled: false

- name: Remove the connectors
  mailrelay.exchange.receive_connector:
    name: "{{ item }}"
    state: absent
  loop:
    - Devices {server}
    - Partner Fabrikam
    - Mail programs
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
    - Where all of them together are too much for a result, as with thousands of IPv6 sources, a call with a long list
      becomes a remark with the first entries, because without the rest it would take sources away.
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

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=RECEIVE_CONNECTOR_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.receive_connector runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
