#!/bin/sh
# Installs schemathesis and prints the path of the command. Usage: schemathesis.sh <cache folder>
set -eu
exec sh "$(dirname "$0")/pip-install.sh" schemathesis schemathesis 4.32.5 "${1:?usage: schemathesis.sh <cache folder>}"
