#!/usr/bin/env bash
# Installs what some tests need and no Python package brings: a browser. Does nothing if it is there.
set -euo pipefail

if command -v chromedriver && { command -v chromium || command -v chromium-browser || command -v google-chrome; }; then
  exit 0
fi >/dev/null
if ! command -v apt-get >/dev/null; then
  echo "Without apt: install Chromium and the ChromeDriver of its version, and put both on the PATH." >&2
  exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "Installing chromium and chromium-driver ..."
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
