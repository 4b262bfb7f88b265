#!/bin/sh
# Installs a command of a Python package into an environment of its own and prints the path of the command. Does nothing
# when it is there already. Usage: pip-install.sh <command> <package> <version> <cache folder>
set -eu

command=$1
package=$2
version=$3
folder=${4:?usage: pip-install.sh <command> <package> <version> <cache folder>}/${package%%\[*}-$version

# Written last, so that an interrupted installation leaves nothing that looks complete.
if [ ! -e "$folder/complete" ]; then
  if ! python3 -c 'import ensurepip' >/dev/null 2>&1; then
    apt-get update -qq >&2
    apt-get install -qq -y --no-install-recommends python3-venv >&2
  fi
  python3 -m venv --clear "$folder" >&2
  "$folder/bin/python" -m pip install -q --disable-pip-version-check "$package==$version" >&2
  touch "$folder/complete"
fi

echo "$folder/bin/$command"
