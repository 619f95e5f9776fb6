#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: throttling_policy
short_description: Create, change or remove a throttling policy of the organization
version_added: 0.1.0
description:
  - Makes one throttling policy what is declared, with one call of New-, Set- or Remove-ThrottlingPolicy at most.
  - Throttling policies limit what users and service accounts ask of Exchange. They have nothing to do with anonymous
    relay, which the limits of its receive connector govern (M(mailrelay.exchange.receive_connector_throttling));
    O(anonymous_max_concurrency) in particular is about published calendars. For relay they matter in two ways, by
    O(message_rate_limit) of accounts that log on to send, and by O(powershell_max_concurrency) of the account that runs
    this collection on many servers.
  - The default policy (C(GlobalThrottlingPolicy_...), C(DefaultThrottlingPolicy_...) on Exchange 2010) is never changed
    and never removed, whether it is recognised by its scope, by Exchange's mark or by its name, because it counts for
    everybody and updates of Exchange overwrite it. A policy of its own that holds only what differs does the same and
    lasts.
  - A limit that is not declared is left as it is. On Exchange 2013 and later a policy inherits what it does not hold;
    Exchange 2010 gives a new policy the default policy's values.
  - Policies belong to the organization. O(server) says through which server they are managed; its version decides which
    limits there are. Exchange 2007 and Edge Transport have no throttling policies.
  - Which users a policy of scope V(regular) is for is not managed here; that is Set-ThrottlingPolicyAssociation.
options:
  name:
    description:
      - Name of the policy, at most 64 characters, in any case.
    type: str
    required: true
  previous_name:
    description:
      - Name that the policy has so far. Where there is a policy of this name and none of O(name), it is renamed.
    type: str
  scope:
    description:
      - V(regular) for users whom the policy is assigned to, V(organization) for everybody who has none of their own, in
        any case.
      - A new policy is V(regular) when this is not set.
      - Since Exchange 2013. Whether Exchange changes the scope of a policy that exists is unverified.
    type: str
  state:
    description:
      - Whether the policy is there. Exchange does not remove one that users are assigned to.
    type: str
    choices:
      - present
      - absent
    default: present
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
  - mailrelay.exchange._throttling_policy_limits
notes:
  - A policy belongs to the organization, so one host of it is enough; give the task C(run_once=true). Without it
    several hosts try the same at the same time. One that comes late changes nothing where the policy has become what is
    declared, and fails where it has not.
seealso:
  - module: mailrelay.exchange.throttling_policy_info
  - module: mailrelay.exchange.receive_connector_throttling
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
- name: Let the account of this collection work on more servers at the same time
  mailrelay.exchange.throttling_policy:
    name: Relay automation
    scope: regular
    is_service_account: true
    powershell_max_concurrency: 40
    powershell_max_cmdlet_queue_depth: 120
  run_once: true

# Then, once, in the Exchange Management Shell:
#
#   Set-ThrottlingPolicyAssociation -Identity svc-ansible -ThrottlingPolicy 'Relay automation'

- name: Let an application that logs on send as fast as it likes
  mailrelay.exchange.throttling_policy:
    name: Bulk senders
    message_rate_limit: unlimited
    recipient_rate_limit: 20000
  run_once: true

- name: Call it something else
  mailrelay.exchange.throttling_policy:
    name: Newsletter
    previous_name: Bulk senders
  run_once: true

- name: Remove it
  mailrelay.exchange.throttling_policy:
    name: Newsletter
    state: absent
  run_once: true
"""

RETURN = r"""
changed:
  description: Whether anything differs from before; in check mode, whether a run would write.
  returned: always
  type: bool
  sample: true
changes:
  description: What differs, one entry a property. Null before is a limit that the policy inherits.
  returned: when the policies could be read
  type: list
  elements: dict
  sample:
    - policy: Relay automation
      property: powershell_max_concurrency
      before: null
      after: 40
commands:
  description:
    - The cmdlet call of the plan, as it can be pasted into the Exchange Management Shell; none when nothing differs.
    - It is the same in check mode and in the run.
  returned: when the policies could be read
  type: list
  elements: str
  sample:
    - >-
      Set-ThrottlingPolicy -Identity 'Relay automation' -PowerShellMaxConcurrency 40 -Confirm:$false
      -DomainController 'dc1.contoso.com'
findings:
  description: Always empty; here so that the results of all modules that write are alike.
  returned: when the policies could be read
  type: list
  elements: dict
  sample: []
diff:
  description: What differs, before and after, as text. Only what differs.
  returned: when the policies could be read
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
      Relay automation:
        powershell_max_concurrency: 40
domain_controller:
  description: The domain controller that every call named.
  returned: when the policies could be read
  type: str
  sample: dc1.contoso.com
plan_id:
  description: Short name of the plan; the same server and the same command give the same.
  returned: when the policies could be read
  type: str
  sample: 5f0c1d2e9ab83c47
rolled_back:
  description:
    - Null, because there was nothing to undo; V(false) when the session was lost and nobody knows whether the command
      ran, in which case the next run finds out.
  returned: when the command failed
  type: str
  sample: "false"
remaining:
  description: Always empty, as a plan has one command only.
  returned: when the command failed
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

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import THROTTLING_POLICY_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=THROTTLING_POLICY_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.throttling_policy runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
