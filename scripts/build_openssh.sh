#!/usr/bin/env bash
# Builds the newest OpenSSH that Debian has the source of, below .tools/openssh: what it changes
# shall not be met first by those who upgrade. `make test-openssh` logs in by it. apt verifies the
# source. Does nothing if it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

into=$PWD/.tools/openssh
[ ! -x "$into/sbin/sshd" ] || exit 0
# The mirror of this machine, whichever that is. apt expands the words itself.
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/$') || {
  echo "This needs apt and a mirror of Debian." >&2
  exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/source"
echo "deb-src $mirror unstable main" >"$work/sources.list"
options=(
  -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=-
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=
)
apt-get "${options[@]}" update -qq
cd "$work/source"
# A mirror may list what it does not have yet.
apt-cache "${options[@]}" showsrc openssh |
  sed -nE 's/^ ([0-9a-f]{64}) [0-9]+ (openssh_[^ ]+\.orig\.tar\.[gx]z)$/\2 \1/p' |
  sort -rVu >../known
while read -r archive sum; do
  from=${mirror}pool/main/o/openssh/$archive
  ! /usr/lib/apt/apt-helper -qq download-file "$from" "$archive" "SHA256:$sum" 2>/dev/null || break
done <../known
[ -f "$archive" ] || {
  echo "$mirror has no source of OpenSSH." >&2
  exit 1
}
tar --extract --strip-components 1 --file "$archive"
echo "Building ${archive%.orig*} ..."
{
  ./configure --prefix="$into" --with-privsep-path="$into/empty" --without-zlib
  make -j "$(nproc)"
  make install-nosysconf
} >build.log 2>&1 || {
  tail -n 20 build.log >&2
  exit 1
}
