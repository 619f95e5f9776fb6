# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of the control node that options name, found as Ansible finds files. PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleFileNotFound

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError

MAX_BYTES = 64 * 1024 * 1024
"""Far more than any list of sources has; whoever names a bigger file named the wrong one."""


def read_file(name: str, find: Callable[[str], str], loader: Any, inventory_folder: str | None) -> bytes:
    """The bytes of a file, decrypted when it is encrypted with ansible-vault.

    Args:
        name: as declared: a whole path, or one below `files` of the role or the playbook, beside the playbook, or
            beside the inventory (where the variables live when the playbook is one of the collection's own).
        find: Ansible's own search; it raises AnsibleFileNotFound.
        loader: the data loader of the run.
        inventory_folder: the folder of the inventory that the host comes from.

    Raises:
        InputError: the rest of a sentence that starts with the name.
    """
    try:
        path = _found(name, find, inventory_folder)
        if not Path(path).is_file():
            raise InputError(f"is not a file ({path}); name the file itself.")
        plain = Path(loader.get_real_file(path))
        if plain.stat().st_size > MAX_BYTES:
            raise InputError(f"has more than {MAX_BYTES // 1024**2} MB and is no list of sources; name another file.")
        return plain.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}; see who may read it.") from None
    except AnsibleError as error:
        told = str(error.message).splitlines()[0].strip().rstrip(".")
        raise InputError(f"cannot be read: {told}; give its vault password, or the file in the open.") from None


def _found(name: str, find: Callable[[str], str], inventory_folder: str | None) -> str:
    try:
        return find(name)
    except AnsibleFileNotFound:
        pass
    if inventory_folder and not Path(name).expanduser().is_absolute():
        for candidate in (Path(inventory_folder, "files", name), Path(inventory_folder, name)):
            if candidate.exists():
                return str(candidate)
    raise InputError(
        "was not found in the folder files of the role or the playbook, beside the playbook, or beside the inventory; "
        "put it there, or write its whole path."
    )
