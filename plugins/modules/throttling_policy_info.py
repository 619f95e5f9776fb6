#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: throttling_policy_info
short_description: List the throttling policies of the organization
version_added: 0.1.0
description:
  - Lists the throttling policies of the organization, as the version of the server knows them.
  - RV(throttling_policies[].options) of every policy but the default one are valid options of
    M(mailrelay.exchange.throttling_policy) again. That makes a backup and a copy.
  - It writes nothing. Exchange 2007 and Edge Transport have no throttling policies.
options:
  name:
    description:
      - Name of the one policy to list, whatever its case; all when this is not set.
      - A policy that does not exist gives an empty list.
    type: str
  include_default:
    description:
      - Whether to list the default policy, which the setup of Exchange made.
    type: bool
    default: true
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
attributes:
  diff_mode:
    support: none
    details:
      - It changes nothing.
seealso:
  - module: mailrelay.exchange.throttling_policy
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
- name: See how many sessions an account may have open
  mailrelay.exchange.throttling_policy_info:
  register: listed
  run_once: true

- name: Make sure that nobody has policies for the whole organization
  mailrelay.exchange.throttling_policy_info:
    include_default: false
  register: own
  failed_when: "'organization' in own.throttling_policies | map(attribute='scope')"
  run_once: true
"""

RETURN = r"""
throttling_policies:
  description: The policies, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the policy.
      type: str
      sample: Relay automation
    scope:
      description: V(regular), V(organization) or V(global); null on Exchange 2010, which has no scopes.
      type: str
      sample: regular
    is_default:
      description: Whether it is the policy that setup made and M(mailrelay.exchange.throttling_policy) never changes.
      type: bool
      sample: false
    options:
      description:
        - Options of M(mailrelay.exchange.throttling_policy) that make the same policy.
        - Since Exchange 2013 these are the limits that the policy holds itself; what it inherits is not among them.
      type: dict
      sample:
        name: Relay automation
        scope: regular
        is_service_account: true
        powershell_max_concurrency: 40
    read_only:
      description: What Exchange also shows and this collection does not set, by Exchange's names.
      type: dict
      sample:
        DistinguishedName: CN=Relay automation,CN=Global Settings,CN=Contoso,...
        WhenChangedUTC: "2026-03-01T09:14:12Z"
domain_controller:
  description: The domain controller that was asked.
  returned: success
  type: str
  sample: dc1.contoso.com
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import THROTTLING_POLICY_INFO_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=THROTTLING_POLICY_INFO_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.throttling_policy_info runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
