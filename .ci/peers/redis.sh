#!/bin/sh
# Installs redis-server from the distribution and prints the path of the binary. Does nothing when it is there already.
# Usage: redis.sh
set -eu

if ! command -v redis-server >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  # The package starts a server of its own unless a policy forbids it for the time of the installation.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  apt-get install -qq -y --no-install-recommends redis-server >&2
fi

redis-server --version >&2
command -v redis-server
