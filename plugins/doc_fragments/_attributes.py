# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every module promises. PRIVATE to the collection.

A module that supports less says so in its own C(attributes), which win over these.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules; full support unless the module says otherwise."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and tell what would change without changing it.
    support: full
  diff_mode:
    description: Tells what differs, before and after, in diff mode.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  platform:
    description: Where the code runs. Exchange itself is on Windows.
    platforms: posix
    support: full
"""
