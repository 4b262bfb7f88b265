#!/bin/sh
# Installs checkov, with the checks that it brings, and prints the path of the command. Usage: checkov.sh <cache folder>
set -eu
exec sh "$(dirname "$0")/pip-install.sh" checkov checkov 3.3.30 "${1:?usage: checkov.sh <cache folder>}"
