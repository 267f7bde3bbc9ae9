#!/usr/bin/env bash
# Installs what the tests need and a fresh Debian machine lacks. Does nothing where it is all there. The servers are
# installed and not started: tests start their own.
set -euo pipefail

packages=()
[ -x /usr/bin/chromium ] || packages+=(chromium)
command -v gcc >/dev/null || packages+=(gcc libc6-dev) # the race detector is linked with cgo
command -v redis-server >/dev/null || packages+=(redis-server)
command -v redis-cli >/dev/null || packages+=(redis-tools)
[ -x /usr/sbin/mariadbd ] && command -v mariadb-install-db mariadb >/dev/null || packages+=(mariadb-server mariadb-client)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && command -v psql >/dev/null || packages+=(postgresql)
[ ${#packages[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: install these by hand, apt-get is not here: ${packages[*]}" >&2
  exit 1
fi
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)

as_root() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@"; }
install() { as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

put() { # file, mode; the text comes from standard input. What was there comes back at the end.
  [ ! -e "$1" ] || as_root cp -p "$1" "$1.limpet-kept"
  as_root tee "$1" >/dev/null
  as_root chmod "$2" "$1"
}
put_back() {
  if [ -e "$1.limpet-kept" ]; then as_root mv "$1.limpet-kept" "$1"; else as_root rm -f "$1"; fi
}

policy=/usr/sbin/policy-rc.d # asked before a package starts its daemon
clusters=/etc/postgresql-common/createcluster.conf

echo "setup: installing ${packages[*]}"
as_root apt-get update -qq
trap 'put_back "$policy"' EXIT
put "$policy" 755 <<<$'#!/bin/sh\nexit 101'
if [[ " ${packages[*]} " == *" postgresql "* ]]; then
  install postgresql-common # which brings the file
  trap 'put_back "$policy"; put_back "$clusters"' EXIT
  put "$clusters" 644 <<<'create_main_cluster = false'
fi
install "${packages[@]}"
