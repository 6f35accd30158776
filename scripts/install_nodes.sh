#!/usr/bin/env bash
# Installs the real nodes that the tests are run against, and strace, which watches what is synced.
# Does nothing where they are installed.
#
# litecoind comes from the system's packages. The others go under the folder that HOLDFAST_NODES
# names, or ~/.cache/holdfast-nodes: ElectrumX into a virtual environment of its own, for its
# libraries are older than the shop's; Anvil and Surfpool by npm, as scripts/nodes/ locks them.
set -euo pipefail

electrumx=eltrx-serv==1.16.0
nodes=${HOLDFAST_NODES:-$HOME/.cache/holdfast-nodes}
locked=$(cd "$(dirname "$0")/nodes" && pwd)

install_packages() {
  local missing=() program
  for program in litecoind openssl strace npm; do
    command -v "$program" >/dev/null 2>&1 || missing+=("$program")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "litecoind, openssl, strace and npm are installed"
    return
  fi

  if ! command -v apt-get >/dev/null 2>&1; then
    echo "this system has no apt-get: install ${missing[*]} by its own means and put it on the PATH" >&2
    exit 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "installing ${missing[*]} needs root: run this script as root, or install sudo" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  # "${as_root[@]+...}" keeps older shells from taking the empty list for an unset variable.
  "${as_root[@]+"${as_root[@]}"}" apt-get update
  "${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"
}

install_electrumx() {
  local environment=$nodes/electrumx
  local program=$environment/bin/electrumx_server
  # The program is there before its libraries are; the mark comes last.
  if [ -x "$program" ] && [ "$(cat "$environment/installed" 2>/dev/null)" = "$electrumx" ]; then
    echo "ElectrumX is installed: $program"
    return
  fi
  mkdir -p "$nodes"
  rm -rf "$environment"
  "${PYTHON:-python3}" -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check "$electrumx"
  echo "$electrumx" >"$environment/installed"
  echo "ElectrumX is installed now: $program"
}

install_npm_nodes() {
  if cmp --silent "$locked/package-lock.json" "$nodes/installed-lock.json"; then
    echo "Anvil and Surfpool are installed: $nodes/node_modules"
    return
  fi
  mkdir -p "$nodes"
  cp "$locked/package.json" "$locked/package-lock.json" "$nodes/"
  npm ci --prefix "$nodes" --no-audit --no-fund --ignore-scripts
  # As above: the copy of the lock that says what is there comes last.
  cp "$locked/package-lock.json" "$nodes/installed-lock.json"
  echo "Anvil and Surfpool are installed now: $nodes/node_modules"
}

install_packages
install_electrumx
install_npm_nodes
