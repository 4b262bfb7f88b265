#!/bin/sh
# Builds OpenTelemetry's collector with the components that the platform's configurations name into a cache folder, and
# prints the path of the binary. Does nothing when it is there already. Needs Go; eight minutes of one processor when
# nothing is cached, since the exporter that finds replicas brings the clients of Kubernetes and of AWS with it.
# Usage: otelcol.sh <cache folder>
set -eu

version=0.159.0
folder=${1:?usage: otelcol.sh <cache folder>}/otelcol-$version
binary=$folder/otelcol

if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/build.XXXXXX")
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
  export GOPATH="$work/path" GOCACHE="$work/cache"
  core=go.opentelemetry.io/collector
  contrib=github.com/open-telemetry/opentelemetry-collector-contrib
  google=github.com/GoogleCloudPlatform/opentelemetry-operations-go/extension/googleclientauthextension
  # Google's extension without the few lines by which the contributed components name it, which no module proxy has.
  mkdir "$work/googleclientauth"
  cat >"$work/googleclientauth/go.mod" <<END
module build.example.com/googleclientauth

go 1.26.0

require (
	$google v0.55.0
	$core/component v1.65.0
	$core/extension v1.65.0
)
END
  cat >"$work/googleclientauth/factory.go" <<END
package googleclientauth

import (
	google "$google"
	"$core/component"
	"$core/extension"
)

func NewFactory() extension.Factory {
	return extension.NewFactory(
		component.MustNewType("googleclientauth"),
		google.CreateDefaultConfig,
		google.CreateExtension,
		component.StabilityLevelBeta,
	)
}
END
  cat >"$work/builder.yaml" <<END
dist:
  module: build.example.com/otelcol
  name: otelcol
  version: $version
  output_path: $work/out
receivers:
  - gomod: $core/receiver/otlpreceiver v$version
processors:
  - gomod: $core/processor/memorylimiterprocessor v$version
  - gomod: $contrib/processor/resourceprocessor v$version
  - gomod: $contrib/processor/tailsamplingprocessor v$version
exporters:
  - gomod: $core/exporter/otlphttpexporter v$version
  - gomod: $contrib/exporter/loadbalancingexporter v$version
extensions:
  - gomod: $contrib/extension/healthcheckextension v$version
  - gomod: $contrib/extension/sigv4authextension v$version
  - gomod: build.example.com/googleclientauth v0.0.0
    path: $work/googleclientauth
providers:
  - gomod: $core/confmap/provider/envprovider v1.65.0
  - gomod: $core/confmap/provider/fileprovider v1.65.0
END
  "$go" run "$core/cmd/builder@v$version" --config "$work/builder.yaml" >&2
  # A rename, so that an interrupted build leaves nothing that looks complete.
  mv "$work/out/otelcol" "$binary"
fi

echo "$binary"
