#!/bin/sh
# Installs PostgreSQL 15 from the distribution and prints the folder of its binaries. Does nothing when it is there already.
# Usage: postgres.sh
set -eu

folder=/usr/lib/postgresql/15/bin

if [ ! -x "$folder/initdb" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  # The package starts a server of its own unless a policy forbids it for the time of the installation.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  apt-get install -qq -y --no-install-recommends postgresql-15 >&2
fi

"$folder/postgres" --version >&2
echo "$folder"
