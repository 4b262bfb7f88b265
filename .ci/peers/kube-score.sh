#!/bin/sh
# Builds kube-score into a cache folder and prints the path of the binary. Usage: kube-score.sh <cache folder>
set -eu
exec sh "$(dirname "$0")/go-install.sh" github.com/zegl/kube-score/cmd/kube-score v1.20.0 \
  "${1:?usage: kube-score.sh <cache folder>}"
