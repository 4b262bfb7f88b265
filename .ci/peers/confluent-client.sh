#!/bin/sh
# Installs Confluent's client of schema registries for Node and prints the path of its folder. Does nothing when it is
# there already. Usage: confluent-client.sh <cache folder>
set -eu

version=1.10.1
folder=${1:?usage: confluent-client.sh <cache folder>}/confluent-client-$version

# Written last, so that an interrupted installation leaves nothing that looks complete.
if [ ! -e "$folder/complete" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  echo '{ "private": true }' >"$folder/package.json"
  npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent \
    "@confluentinc/schemaregistry@$version" "@bufbuild/protobuf@^2" >&2
  touch "$folder/complete"
fi

echo "$folder"
