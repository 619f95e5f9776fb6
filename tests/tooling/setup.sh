#!/usr/bin/env bash
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# Make what the checks and the demo need: system packages and one virtual environment a stack.
#
#   tests/tooling/setup.sh [STACK ...]      STACK is newest, 2.16 or 2.19; all of them by default
#
# A second run changes nothing and takes no time: each environment remembers the digest of what was installed in it.
# A stack whose Python is missing is left out with a sentence; under CI that is a failure.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly DEBIAN_PACKAGES=(krb5-kdc krb5-admin-server krb5-user libkrb5-dev gcc bind9 bind9-dnsutils swaks)
# One command of each package, in the same order; servers stand in sbin, which a user's PATH may not name.
readonly COMMANDS=(krb5kdc kadmin.local kinit krb5-config gcc named dig swaks)
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
missing_stacks=0

say() { printf 'setup: %s\n' "$*"; }

missing_packages() {
    local index
    for index in "${!COMMANDS[@]}"; do
        command -v "${COMMANDS[$index]}" >/dev/null || printf '%s\n' "${DEBIAN_PACKAGES[$index]}"
    done
}

install_system_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "these system packages are missing (Debian's names): ${missing[*]}; install them, then run make setup again" >&2
        exit 1
    fi
    say "installing system packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    {
        apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"
    } </dev/null >.cache/apt.log 2>&1 || {
        tail -n 20 .cache/apt.log >&2
        say "apt-get could not install ${missing[*]}; the lines above are the end of .cache/apt.log" >&2
        exit 1
    }
}

# find_python 3.13: print the path of a working interpreter of exactly that version.
find_python() {
    local version=$1 candidate roots=() root
    roots+=("${PYENV_ROOT:-$HOME/.pyenv}")
    # An empty HOME hides pyenv's default root; the pyenv on PATH still knows where it lives.
    if command -v pyenv >/dev/null; then
        roots+=("$(cd "$(dirname "$(command -v pyenv)")/.." && pwd)" "$(pyenv root 2>/dev/null || true)")
    fi
    {
        type -ap "python$version" || true
        for root in "${roots[@]}"; do
            ls -d "$root"/versions/"$version"*/bin/"python$version" 2>/dev/null || true
        done
        ls -d "/usr/local/bin/python$version" "/opt/python$version/bin/python$version" 2>/dev/null || true
    } | while read -r candidate; do
        # A pyenv shim may stand for a version that is not installed: only running it tells. Debian ships the venv
        # module and the headers, which the Kerberos bindings compile against, in packages of their own.
        if "$candidate" - "$version" >/dev/null 2>&1 <<'PYTHON'; then
import ensurepip, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1] or not os.path.exists(header))
PYTHON
            "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'
            break
        fi
    done
}

first_python() {
    local version found
    for version in "$@"; do
        found=$(find_python "$version")
        [ -n "$found" ] && printf '%s\n' "$found" && return 0
    done
    return 1
}

# make_environment DIRECTORY REQUIREMENTS PYTHON INSTALLER: build or refresh one virtual environment.
make_environment() {
    local directory=$1 requirements=$2 python=$3 installer=$4 digest
    digest="$(sha256sum <"$requirements" | cut -c1-32) $python"
    if [ "$(cat "$directory/.installed" 2>/dev/null)" = "$digest" ] && "$directory/bin/python" -c '' 2>/dev/null; then
        return 0
    fi
    if ! "$directory/bin/python" -c '' 2>/dev/null ||
        [ "$("$directory/bin/python" -c 'import sys; print(sys.version_info[:2])')" != \
            "$("$python" -c 'import sys; print(sys.version_info[:2])')" ]; then
        rm -rf "$directory"
        "$python" -m venv "$directory"
    fi
    say "installing $requirements into $directory"
    if [ "$installer" = pip ]; then
        "$directory/bin/python" -m pip install -qq --require-hashes -r "$requirements"
    else
        # The machine's own certificates: behind a company's proxy the bundled ones know nobody.
        .stacks/uv/bin/uv pip sync --system-certs --quiet --python "$directory/bin/python" --require-hashes "$requirements"
    fi
    printf '%s\n' "$digest" >"$directory/.installed"
}

make_stack() {
    local stack=$1 directory=".stacks/$1" requirements="requirements/stack-$1.txt" python versions=(3.11)
    if [ "$stack" = newest ]; then
        directory=.venv requirements=requirements/dev.txt versions=(3.13 3.12)
    fi
    if ! python=$(first_python "${versions[@]}"); then
        say "no Python ${versions[*]} with the venv module and headers found, so the stack $stack is left out; install one (pyenv install ${versions[0]})" >&2
        missing_stacks=1
        [ "$stack" != newest ] || exit 1
        return 0
    fi
    make_environment "$directory" "$requirements" "$python" uv
}

main() {
    local stacks=("$@") stack python
    [ "${#stacks[@]}" -gt 0 ] || stacks=(newest 2.16 2.19)
    mkdir -p .cache .stacks
    exec 9>.cache/setup.lock
    command -v flock >/dev/null && flock 9
    install_system_packages
    if ! python=$(first_python 3.13 3.12 3.11); then
        say "no Python 3.13, 3.12 or 3.11 with the venv module and headers found; install one and run make setup again" >&2
        exit 1
    fi
    make_environment .stacks/uv requirements/uv.txt "$python" pip
    for stack in "${stacks[@]}"; do
        case $stack in
        newest | 2.16 | 2.19) make_stack "$stack" ;;
        *) say "unknown stack $stack: newest, 2.16 and 2.19 exist" >&2 && exit 2 ;;
        esac
    done
    if [ "$missing_stacks" -ne 0 ] && [ -n "${CI:-}" ]; then
        say "a stack is missing and CI is set: this is a failure" >&2
        exit 1
    fi
}

main "$@"
