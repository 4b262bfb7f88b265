#!/usr/bin/env bash
# Builds a real Kubernetes control plane from Go modules into a cache folder and prints the folder: etcd, the API server,
# the controller manager, the scheduler and kubectl in one binary, KWOK for nodes that run nothing, KEDA. Does nothing
# for what is there already. Cold it takes a quarter of an hour on two cores. Needs Go.
# Usage: build.sh <cache folder>
set -euo pipefail

kubernetes=1.37.2 etcd=3.7.0 kwok=0.8.0 keda=2.20.1
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: build.sh <cache folder>}/kubernetes-$kubernetes
command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
export CGO_ENABLED=0
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The folder of a module as its authors published it. Usage: module_dir <module> <version>
module_dir() {
  printf 'module fetch\n\ngo 1.26.0\n' >"$work/go.mod"
  (cd "$work" && go mod download -json "$1@$2" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
}

# Builds a package of a module with the module's own locked dependencies. Usage: build_in_place <dir> <output> <package>
build_in_place() {
  [ -x "$folder/$2" ] && return 0
  echo "building $2" >&2
  (cd "$1" && GOFLAGS="-mod=readonly -buildvcs=false" nice -n 10 go build -trimpath -ldflags '-s -w' -o "$folder/$2.tmp" "$3")
  # A rename, so that an interrupted build leaves nothing that looks complete.
  mv "$folder/$2.tmp" "$folder/$2"
}

if [ ! -x "$folder/kubebox" ]; then
  echo "building kubebox" >&2
  source=$(module_dir k8s.io/kubernetes "v$kubernetes")
  mkdir "$work/kubebox"
  cp "$here/kubebox.go" "$work/kubebox/main.go"
  # Upstream replaces its staging modules by folders that its module does not carry; the published ones are the same.
  {
    printf 'module kubebox\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubernetes v%s\n\tgo.etcd.io/etcd/server/v3 v%s\n)\n\nreplace (\n' "$kubernetes" "$etcd"
    sed -n '/^replace (/,/^)/s/^\t\(k8s\.io\/[^ ]*\) => .*/\1/p' "$source/go.mod" |
      while read -r module; do printf '\t%s => %s v0.%s\n' "$module" "$module" "${kubernetes#1.}"; done
    echo ')'
  } >"$work/kubebox/go.mod"
  minor=$(cut -d. -f2 <<<"$kubernetes")
  stamp="-X k8s.io/component-base/version.gitVersion=v$kubernetes -X k8s.io/component-base/version.gitMajor=1"
  stamp="$stamp -X k8s.io/component-base/version.gitMinor=$minor -X k8s.io/client-go/pkg/version.gitVersion=v$kubernetes"
  (cd "$work/kubebox" && GOFLAGS="-mod=mod -buildvcs=false" nice -n 10 go build -trimpath -ldflags "-s -w $stamp" -o "$folder/kubebox.tmp" .)
  mv "$folder/kubebox.tmp" "$folder/kubebox"
fi

if [ ! -x "$folder/kwok" ] || [ ! -f "$folder/kwok-stages.yaml" ]; then
  source=$(module_dir sigs.k8s.io/kwok "v$kwok")
  build_in_place "$source" kwok ./cmd/kwok
  # It has no stages of its own: nodes get ready and a lease, pods run, jobs complete.
  for stage in "$source"/kustomize/stage/{node/fast,node/heartbeat-with-lease,pod/fast}/*.yaml; do
    case $stage in */kustomization.yaml) ;; *) echo --- && cat "$stage" ;; esac
  done >"$folder/kwok-stages.yaml"
fi

if [ ! -x "$folder/keda-webhooks" ] || [ ! -d "$folder/keda-crds" ]; then
  source=$(module_dir github.com/kedacore/keda/v2 "v$keda")
  build_in_place "$source" keda-operator ./cmd/operator
  build_in_place "$source" keda-adapter ./cmd/adapter
  build_in_place "$source" keda-webhooks ./cmd/webhooks
  mkdir -p "$folder/keda-crds"
  cp "$source"/config/crd/bases/*.yaml "$folder/keda-crds/"
  cp "$source/config/webhooks/validation_webhooks.yaml" "$folder/keda-validation-webhooks.yaml"
  chmod -R u+w "$folder/keda-crds" "$folder/keda-validation-webhooks.yaml"
fi

echo "$folder"
