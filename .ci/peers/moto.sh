#!/bin/sh
# Installs moto, which answers as some services of AWS do, and prints the path of its server. boto3 comes with it.
# Usage: moto.sh <cache folder>
set -eu
exec sh "$(dirname "$0")/pip-install.sh" moto_server 'moto[server]' 5.2.5 "${1:?usage: moto.sh <cache folder>}"
