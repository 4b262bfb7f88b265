#!/bin/sh
# Installs redis-server from the distribution and prints the path of the binary. Does nothing when it is there already.
# Usage: redis.sh
set -eu
. "$(dirname "$0")/debian.sh"

if ! command -v redis-server >/dev/null; then
  install_stopped redis-server
fi

redis-server --version >&2
command -v redis-server
