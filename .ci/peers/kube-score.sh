#!/bin/sh
# Builds kube-score into a cache folder and prints the path of the binary. Does nothing when it is there already.
# Needs Go. Usage: kube-score.sh <cache folder>
set -eu

version=v1.20.0
folder=${1:?usage: kube-score.sh <cache folder>}/kube-score-$version
binary=$folder/kube-score

if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/install.XXXXXX")
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
  GOBIN="$work/bin" GOPATH="$work/path" GOCACHE="$work/cache" \
    "$go" install "github.com/zegl/kube-score/cmd/kube-score@$version" >&2
  # A rename, so that an interrupted installation leaves nothing that looks complete.
  mv "$work/bin/kube-score" "$binary"
fi

"$binary" version >&2
echo "$binary"
