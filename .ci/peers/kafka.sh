#!/bin/sh
# Puts the jars of a Kafka broker into a cache folder, from Maven, and prints the folder. Does nothing when they are there
# already. Needs Maven and Java 17 or newer. Usage: kafka.sh <cache folder>
set -eu

version=4.4.0
folder=${1:?usage: kafka.sh <cache folder>}/kafka-$version
jars=$folder/jars

if [ ! -d "$jars" ]; then
  command -v mvn >/dev/null || { apt-get update -qq >&2; apt-get install -qq -y --no-install-recommends maven >&2; }
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/install.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>penstock</groupId>
  <artifactId>kafka-peer</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
  mvn -q -B -f "$work/pom.xml" "-Dmaven.repo.local=$work/repository" dependency:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$work/jars" >&2
  # A rename, so that an interrupted installation leaves nothing that looks complete.
  mv "$work/jars" "$jars"
fi

ls "$jars"/kafka_2.13-*.jar >&2
echo "$jars"
