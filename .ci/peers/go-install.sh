#!/bin/sh
# Builds a command of a Go module into a cache folder and prints the path of the binary. Does nothing when it is there
# already. Needs Go. Usage: go-install.sh <package> <version> <cache folder>
set -eu

package=${1:?usage: go-install.sh <package> <version> <cache folder>}
version=$2
name=$(basename "$package")
folder=$3/$name-$version
binary=$folder/$name

if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/install.XXXXXX")
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
  GOBIN="$work/bin" GOPATH="$work/path" GOCACHE="$work/cache" "$go" install "$package@$version" >&2
  # A rename, so that an interrupted installation leaves nothing that looks complete.
  mv "$work/bin/$name" "$binary"
fi

echo "$binary"
