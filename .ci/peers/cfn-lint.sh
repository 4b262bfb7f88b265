#!/bin/sh
# Installs cfn-lint and prints the path of the command. Usage: cfn-lint.sh <cache folder>
set -eu
exec sh "$(dirname "$0")/pip-install.sh" cfn-lint cfn-lint 1.58.0 "${1:?usage: cfn-lint.sh <cache folder>}"
