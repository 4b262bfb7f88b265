#!/bin/sh
# Unpacks promtool from the distribution's prometheus package into a cache folder and prints the path of the binary: no
# server is installed or started. Does nothing when it is there already.
# Usage: promtool.sh <cache folder>
set -eu

folder=${1:?usage: promtool.sh <cache folder>}/promtool
binary=$folder/promtool

if [ ! -x "$binary" ]; then
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/install.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  apt-get update -qq >&2
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root prometheus >&2)
  dpkg-deb -x "$work"/prometheus_*.deb "$work/unpacked"
  # A rename, so that an interrupted installation leaves nothing that looks complete.
  mv "$work/unpacked/usr/bin/promtool" "$binary"
fi

"$binary" --version >&2
echo "$binary"
