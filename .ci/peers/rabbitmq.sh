#!/bin/sh
# Installs RabbitMQ from the distribution and prints the path of the server's start script. Does nothing when it is there
# already. The script on the search path insists on a user of its own; this one runs as whoever starts it.
# Usage: rabbitmq.sh
set -eu
. "$(dirname "$0")/debian.sh"

server=/usr/lib/rabbitmq/bin/rabbitmq-server
if [ ! -x "$server" ]; then
  install_stopped rabbitmq-server
fi

echo "$server"
