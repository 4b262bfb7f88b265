#!/bin/sh
# Installs PostgreSQL 15 from the distribution and prints the folder of its binaries. Does nothing when it is there already.
# Usage: postgres.sh
set -eu
. "$(dirname "$0")/debian.sh"

folder=/usr/lib/postgresql/15/bin

if [ ! -x "$folder/initdb" ]; then
  install_stopped postgresql-15
fi

"$folder/postgres" --version >&2
echo "$folder"
