#!/usr/bin/env bash
# Installs the real nodes that the tests are run against, and strace, which watches what is synced.
# Does nothing where they are installed.
set -euo pipefail

packages=(litecoind strace)

missing=()
for package in "${packages[@]}"; do
  command -v "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "installed already: ${packages[*]}"
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "this system has no apt-get: install ${missing[*]} by its own means and put it on the PATH" >&2
  exit 1
fi

as_root=()
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
