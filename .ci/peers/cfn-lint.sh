#!/bin/sh
# Installs cfn-lint into an environment of its own and prints the path of the command. Does nothing when it is there
# already. Usage: cfn-lint.sh <cache folder>
set -eu

version=1.58.0
folder=${1:?usage: cfn-lint.sh <cache folder>}/cfn-lint-$version
binary=$folder/bin/cfn-lint

# Written last, so that an interrupted installation leaves nothing that looks complete.
if [ ! -e "$folder/complete" ]; then
  if ! python3 -c 'import ensurepip' >/dev/null 2>&1; then
    apt-get update -qq >&2
    apt-get install -qq -y --no-install-recommends python3-venv >&2
  fi
  python3 -m venv --clear "$folder" >&2
  "$folder/bin/python" -m pip install -q --disable-pip-version-check "cfn-lint==$version" >&2
  touch "$folder/complete"
fi

"$binary" --version >&2
echo "$binary"
