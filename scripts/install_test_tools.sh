#!/usr/bin/env bash
# Installs what some tests need and no Python package brings: a browser, OpenSSH, shellcheck,
# systemd-analyze, Apache with mod_auth_openidc, Node and the libraries for it that others certified.
# Does nothing for what is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

has() { command -v "$1" >/dev/null; }
missing=()
has chromedriver && { has chromium || has chromium-browser || has google-chrome; } ||
  missing+=(chromium chromium-driver)
{ has ssh && has ssh-keygen; } || missing+=(openssh-client)
{ has sshd || [ -x /usr/sbin/sshd ]; } || missing+=(openssh-server)
has shellcheck || missing+=(shellcheck)
has systemd-analyze || missing+=(systemd)
[ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || missing+=(apache2-bin libapache2-mod-auth-openidc)
# Debian's npm brings hundreds of packages: only where no other one is there.
has node || missing+=(nodejs)
has npm || missing+=(npm)

if [ ${#missing[@]} -gt 0 ]; then
  if ! has apt-get; then
    echo "Without apt: install what gives ${missing[*]}, and put it on the PATH." >&2
    exit 1
  fi
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "Installing ${missing[*]} ..."
  export DEBIAN_FRONTEND=noninteractive
  # The tests start what they need: nothing that is installed here shall serve by itself.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  if [[ " ${missing[*]} " == *" openssh-server "* && -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl --quiet disable ssh.service
  fi
fi

if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  echo "The libraries for Node need version 20 or newer; this one is $(node --version)." >&2
  exit 1
fi
# What npm wrote last is younger than the list if the list has not changed since.
list=tests/counterparts/package-lock.json
if [ ! tests/counterparts/node_modules/.package-lock.json -nt "$list" ]; then
  echo "Installing $list ..."
  npm ci --silent --prefix tests/counterparts
fi
