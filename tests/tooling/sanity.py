# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run `ansible-test sanity` on a real copy of the collection, without a container and without fetching get-pip.

ansible-test wants a checkout below `ansible_collections/NAMESPACE/NAME`, refuses symlinks that leave it, and bootstraps
pip in the virtual environments it makes from a script it would download. The copy is made of the files git knows, and
the script is replaced by the standard library's ensurepip. A home of its own keeps the user's caches out of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STAGE = ROOT / ".cache" / "sanity"
COPY = STAGE / "ansible_collections" / "mailrelay" / "exchange"
HOME = STAGE / "home"

# What is shipped, and the ignore files. The tests and the lab need Python 3.11 and have ruff and mypy.
SHIPPED = ("plugins", "roles", "playbooks", "meta", "changelogs", "tests/sanity", "README.md", "LICENSE", "galaxy.yml")
# ruff and yamllint say the same with the project's own settings; the last two need tools that are not Python.
LEFT_TO_OTHERS = ("pep8", "yamllint", "pslint", "shellcheck")


def tracked_files() -> list[str]:
    """Files of the shipped folders that git tracks, or would: a new file counts before it is added."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *SHIPPED],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def stage() -> None:
    """Lay the copy anew; the home with the virtual environments of earlier runs stays."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in tracked_files():
        target = COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    subprocess.run(["git", "init", "--quiet", "."], cwd=COPY, check=True)
    subprocess.run(["git", "add", "--all"], cwd=COPY, check=True)
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in ("24_2", "25_2"):
        (cache / f"get_pip_{version}.py").write_text(
            "import ensurepip\nensurepip.bootstrap(default_pip=True)\n", encoding="utf-8"
        )


def main() -> int:
    """Stage, run, return the exit code of ansible-test."""
    stage()
    version = sysconfig.get_python_version()
    # ansible-test looks for pythonX.Y on the PATH and makes its own virtual environments from it.
    base = Path(sys.base_prefix) / "bin"
    tools = Path(sys.executable).parent
    environment = dict(os.environ, HOME=str(HOME), PATH=os.pathsep.join([str(base), str(tools), os.environ["PATH"]]))
    for name in ("ANSIBLE_HOME", "ANSIBLE_COLLECTIONS_PATH", "VIRTUAL_ENV"):
        environment.pop(name, None)
    command = [str(tools / "ansible-test"), "sanity", "--venv", "--python", version, "--color", "no"]
    for name in LEFT_TO_OTHERS:
        command += ["--skip-test", name]
    return subprocess.run(
        command + sys.argv[1:], cwd=COPY, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
