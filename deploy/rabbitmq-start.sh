#!/bin/sh
# Puts the hashes of the services' passwords into the definitions, then goes on as the broker.
# A hash is RabbitMQ's own: base64 of a salt of four bytes and SHA-256 over salt and password.
set -eu
secrets=${SECRETS:-/run/secrets}
definitions=${DEFINITIONS:-/etc/rabbitmq/gonghui-definitions.json}
rendered=${RENDERED:-/tmp/gonghui-definitions.json}

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
script=
for user in membership assistance staffing reporting; do
  script="$script;s|@$user@|$(hash_of "$secrets/${user}_bus_password")|"
done
sed "${script#;}" "$definitions" >"$rendered"
if [ "$(id -u)" = 0 ] && id rabbitmq >/dev/null 2>&1; then
  chown rabbitmq "$rendered"
fi
exec "$@"
