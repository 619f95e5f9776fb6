#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: receive_connector_permission
short_description: Grant and revoke extended rights on one receive connector
version_added: 0.1.0
description:
  - Manages who has which extended right on one receive connector, for those who compose their own.
    M(mailrelay.exchange.relay) does everything that a relay needs in one plan.
  - Only the connector's own entries are managed. Inherited entries are never touched, and neither are those that come
    with the connector's permission groups, unless they are named.
  - Every call names the connector by its distinguished name and the domain controller that the server itself reads, so
    that connectors of one name on two servers never mix.
  - What receive_connector_info returns as C(permissions) is valid input of this module.
options:
  connector:
    description:
      - Name of the receive connector. It must exist.
    type: str
    required: true
  grants:
    description:
      - Rights of principals, entry by entry. What is not named is left alone, unless O(exclusive=true).
    type: list
    elements: dict
    required: true
    suboptions:
      principal:
        description:
          - The user or group, as V(DOMAIN\\name), as C(name@domain), by its name alone, or by its SID. Of an account
            that is gone only the SID is left.
          - Or a word that means the same in every language and forest. These are V(anonymous) for clients that do not
            log on, V(authenticated_users) for everybody who has logged on, V(externally_secured_servers) for sessions
            of connectors with C(ExternalAuthoritative), and V(hub_transport_servers), V(edge_transport_servers),
            V(exchange_servers), V(partner_servers) and V(legacy_servers).
          - The name that this server shows, in its language, is read from an access list or asked of Exchange. Somebody
            whom Exchange does not know is refused before anything is written, with the word that was probably meant.
        type: str
        required: true
      rights:
        description:
          - Extended rights by Exchange's names, in any case, such as V(ms-Exch-SMTP-Accept-Any-Recipient).
          - Rights that Exchange reserves for its own servers are refused. Rights for V(anonymous) or
            V(authenticated_users) beyond what relay takes are the finding C(excessive_rights), which has to be
            accepted.
        type: list
        elements: str
        required: true
      deny:
        description:
          - Whether the entries deny the rights instead of allowing them. One right may be allowed and denied at once,
            by two grants; the denial decides then.
        type: bool
        default: false
      state:
        description:
          - Whether the entries must be there or must not.
        type: str
        choices:
          - present
          - absent
        default: present
  exclusive:
    description:
      - Whether to remove every explicit entry that O(grants) do not name, whoever its principal is, accounts that are
        gone included. Inherited entries stay, and so do those that the connector's permission groups stand for.
      - Where a grant takes a right of a permission group away, what is to stay of that group has to be named, because
        what is left of it belongs to no group any more.
    type: bool
    default: false
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
  - mailrelay.exchange._writer
seealso:
  - module: mailrelay.exchange.relay
  - module: mailrelay.exchange.receive_connector
  - module: mailrelay.exchange.receive_connector_info
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
# Before:
#
#   Get-ADPermission 'Relay External' -User 'NT AUTHORITY\ANONYMOUS LOGON' | Where-Object {-not $_.IsInherited}
#   ms-Exch-SMTP-Submit
#   ms-Exch-SMTP-Accept-Any-Sender
#   ms-Exch-SMTP-Accept-Authoritative-Domain-Sender
#   ms-Exch-Accept-Headers-Routing

- name: Let clients that do not log on relay to other domains
  mailrelay.exchange.receive_connector_permission:
    connector: Relay External
    grants:
      - principal: anonymous
        rights:
          - ms-Exch-SMTP-Accept-Any-Recipient

# After: the four rights above, and ms-Exch-SMTP-Accept-Any-Recipient

- name: Let one account relay after logging on, past antispam, and nobody else
  mailrelay.exchange.receive_connector_permission:
    connector: Relay Accounts
    grants:
      - principal: CONTOSO\svc-scanner
        rights:
          - ms-Exch-SMTP-Submit
          - ms-Exch-SMTP-Accept-Any-Recipient
          - ms-Exch-SMTP-Accept-Any-Sender
          - ms-Exch-Bypass-Anti-Spam
      - principal: authenticated_users
        rights:
          - ms-Exch-SMTP-Accept-Any-Recipient
        deny: true
    exclusive: true

- name: Take out what is left of an account that is gone
  mailrelay.exchange.receive_connector_permission:
    connector: Relay Accounts
    grants:
      - principal: S-1-5-21-1004336348-1177238915-682003330-1604
        rights:
          - ms-Exch-SMTP-Submit
        state: absent

- name: Take the right to relay away again
  mailrelay.exchange.receive_connector_permission:
    connector: Relay External
    grants:
      - principal: anonymous
        rights:
          - ms-Exch-SMTP-Accept-Any-Recipient
        state: absent
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

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_PERMISSION_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=RECEIVE_CONNECTOR_PERMISSION_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.receive_connector_permission runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
