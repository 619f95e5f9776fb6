# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make the checkout importable the way Ansible imports an installed collection."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# The finder, not sys.path: the community bundle installs a regular `ansible_collections` package
# that would hide the checkout.
if not any(type(finder).__name__ == "_AnsibleCollectionFinder" for finder in sys.meta_path):
    _AnsibleCollectionFinder(paths=[str(ROOT / "collections")])._install()

sys.path.insert(0, str(ROOT / "tests" / "lab"))

# A busy machine must not make a property untrue: speed is what tests/benchmark measures.
settings.register_profile("collection", deadline=None)
settings.load_profile("collection")
