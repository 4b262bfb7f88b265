#!/bin/sh
# Builds kubeconform into a cache folder and prints the path of the binary. Usage: kubeconform.sh <cache folder>
set -eu
exec sh "$(dirname "$0")/go-install.sh" github.com/yannh/kubeconform/cmd/kubeconform v0.7.0 \
  "${1:?usage: kubeconform.sh <cache folder>}"
