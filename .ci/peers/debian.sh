# Sourced by the scripts beside it.

# Installs a package from the distribution without starting the server that it brings.
install_stopped() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  # The package starts a server of its own unless a policy forbids it for the time of the installation.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  apt-get install -qq -y --no-install-recommends "$1" >&2
}
