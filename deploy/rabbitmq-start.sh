#!/bin/sh
# Puts the hashes of the users' passwords into the definitions, then goes on as the broker.
# A hash is RabbitMQ's own: base64 of a salt of four bytes and SHA-256 over salt and password.
set -eu
secrets=${SECRETS:-/run/secrets}
systems=${SYSTEMS:-/run/systems}
definitions=${DEFINITIONS:-/etc/rabbitmq/gonghui-definitions.json}
system_definitions=${SYSTEM_DEFINITIONS:-/etc/rabbitmq/gonghui-system.json}
rendered=${RENDERED:-/tmp/gonghui-definitions}

bytes() {
  for pair in $(printf '%s' "$1" | sed 's/../& /g'); do
    printf "\\$(printf '%03o' "0x$pair")"
  done
}

hash_of() {
  salt=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  digest=$({ bytes "$salt"; tr -d '\n' <"$1"; } | sha256sum | cut -c1-64)
  bytes "$salt$digest" | base64 | tr -d '\n'
}

umask 077
rm -rf "$rendered"
mkdir -p "$rendered"
script=
for user in membership assistance staffing reporting operator; do
  script="$script;s|@$user@|$(hash_of "$secrets/${user}_bus_password")|"
done
# The broker reads a folder in the order of its names: the vhost first, then who may enter it.
sed "${script#;}" "$definitions" >"$rendered/0-gonghui.json"
for password in "$systems"/*; do
  [ -f "$password" ] || continue
  name=${password##*/}
  sed "s|@NAME@|$name|g;s|@HASH@|$(hash_of "$password")|" "$system_definitions" >"$rendered/1-$name.json"
done
if [ "$(id -u)" = 0 ] && id rabbitmq >/dev/null 2>&1; then
  chown -R rabbitmq "$rendered"
fi
exec "$@"
