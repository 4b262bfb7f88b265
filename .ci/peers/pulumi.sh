#!/bin/sh
# Builds the command line and engine of Pulumi into a cache folder and prints the path of the binary. Does nothing when it
# is there already. Needs Go; five minutes when nothing is cached. Usage: pulumi.sh <cache folder>
set -eu

version=v3.259.0
folder=${1:?usage: pulumi.sh <cache folder>}/pulumi-$version
binary=$folder/pulumi

if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/build.XXXXXX")
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
  export GOPATH="$work/path" GOCACHE="$work/cache"
  cd "$work"
  # A module of its own: the command's has replacements, which `go install` refuses.
  "$go" mod init build.example.com/pulumi >&2
  "$go" get -tool "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi@$version" >&2
  "$go" build -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
    -o "$work/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi >&2
  # A rename, so that an interrupted build leaves nothing that looks complete.
  mv "$work/pulumi" "$binary"
fi

echo "$binary"
