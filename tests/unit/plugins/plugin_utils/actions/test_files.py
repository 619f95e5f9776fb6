# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that options name: found where Ansible finds files, or told in one sentence where they were looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFileNotFound
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions import files
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError

SECRETS = [("default", VaultSecret(b"a made-up word"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a playbook's files and another with an inventory's."""
    for name in ("play/files/sources", "play/sources", "inventory/files", "inventory/sources"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def read(name: str, folder: Path, secrets: Any = None, inventory: bool = True) -> bytes:
    loader: Any = DataLoader()
    loader.set_basedir(str(folder / "play"))
    if secrets:
        loader.set_vault_secrets(secrets)

    def find(wanted: str) -> str:
        # As the action asks for it.
        return str(loader.path_dwim_relative_stack([], "files", wanted))

    return files.read_file(name, find, loader, str(folder / "inventory") if inventory else None)


def refused(name: str, folder: Path, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(name, folder, **more)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize(
    "where", ["play/files/sources", "play/sources", "inventory/files/sources", "inventory/sources", "play/files"]
)
def test_a_file_is_found_beside_the_playbook_and_beside_the_inventory(folder: Path, where: str) -> None:
    (folder / where).mkdir(exist_ok=True)
    (folder / where / "a.csv").write_bytes(b"address\r\n")
    name = "files/a.csv" if where == "play/files" else "sources/a.csv"
    assert read(name, folder) == b"address\r\n"


def test_the_playbooks_file_comes_before_the_inventorys(folder: Path) -> None:
    (folder / "play/sources/a.csv").write_text("play", encoding="utf-8")
    (folder / "inventory/sources/a.csv").write_text("inventory", encoding="utf-8")
    assert read("sources/a.csv", folder) == b"play"


def test_a_whole_path_is_taken_as_it_is(folder: Path) -> None:
    (folder / "there.csv").write_text("x", encoding="utf-8")
    assert read(str(folder / "there.csv"), folder) == b"x"
    assert "was not found" in refused(str(folder / "gone.csv"), folder)


@pytest.mark.parametrize("inventory", [True, False])
def test_a_missing_file_is_told_with_where_it_may_be(folder: Path, inventory: bool) -> None:
    assert refused("sources/gone.csv", folder, inventory=inventory).startswith(
        "was not found in the folder files of the role or the playbook, beside the playbook, or beside the inventory;"
    )


def test_a_folder_is_not_a_file(folder: Path) -> None:
    assert "is not a file (" in refused("sources", folder)


def test_a_file_of_many_megabytes_is_no_list_of_sources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 3)
    (folder / "play/a.csv").write_text("1234", encoding="utf-8")
    assert "is no list of sources" in refused("a.csv", folder)


def test_a_file_that_must_not_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "play/a.csv").write_text("x", encoding="utf-8")

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert refused("a.csv", folder) == "cannot be read: Permission denied; see who may read it."


def test_an_encrypted_file_is_decrypted_with_the_vaults_password(folder: Path) -> None:
    vault: Any = VaultLib(SECRETS)
    (folder / "play/a.csv").write_bytes(vault.encrypt("address\n10.0.0.1\n"))
    assert read("a.csv", folder, secrets=SECRETS) == b"address\n10.0.0.1\n"
    assert "give its vault password" in refused("a.csv", folder)
    assert "give its vault password" in refused("a.csv", folder, secrets=[("default", VaultSecret(b"another"))])


def test_ansibles_own_search_is_asked_first() -> None:
    asked: list[str] = []

    def find(wanted: str) -> str:
        asked.append(wanted)
        raise AnsibleFileNotFound(file_name=wanted)

    with pytest.raises(InputError, match="was not found"):
        files.read_file("sources/a.csv", find, DataLoader(), None)
    assert asked == ["sources/a.csv"]
