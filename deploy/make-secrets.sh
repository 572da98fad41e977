#!/bin/sh
# Makes what is missing of the passwords and keys that docker-compose.yml names, in deploy/secrets.
# The folder is its owner's alone; the files within are readable, since each container reads its own as another user.
#
#   make-secrets.sh                    what is missing; nothing is replaced
#   make-secrets.sh --system NAME      also a broker user for another system
#   make-secrets.sh --rotate SERVICE   a new signing key; the old one's tokens stay good until --retire SERVICE
#   make-secrets.sh --retire SERVICE   remove the public keys of a service but the one it signs with
set -eu
umask 077
folder=${SECRETS:-$(dirname "$0")/secrets}
services="membership assistance staffing reporting"

usage() {
  sed -n '5,8s/^#   //p' "$0" >&2
  exit 2
}

put() {
  [ -e "$folder/$1" ] || replace "$1"
}

replace() {
  cat >"$folder/.draft"
  chmod 444 "$folder/.draft"
  mv "$folder/.draft" "$folder/$1"
}

random() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

new_key() {
  openssl genpkey -algorithm ed25519
}

# A public key is found by the beginning of the raw key's hash, which stands at the end of its DER form.
public_file() {
  key_id=$(openssl pkey -in "$2" -pubout -outform DER | tail -c 32 | sha256sum | cut -c1-16)
  echo "public_keys/$1.$key_id.pem"
}

publish() {
  openssl pkey -in "$2" -pubout | put "$(public_file "$1" "$2")"
}

is_service() {
  case " $services " in *" $1 "*) return 0 ;; esac
  echo "no such service: $1" >&2
  exit 2
}

mkdir -p "$folder/public_keys" "$folder/systems"
chmod 755 "$folder/public_keys"
case "$#:${1:-}" in
0:)
  random | put postgresql_password
  random | put operator_bus_password
  for service in $services; do
    random | put "${service}_owner_password"
    random | put "${service}_database_password"
    random | put "${service}_bus_password"
    random | put "${service}_master_key"
    new_key | put "${service}_signing_key"
    publish "$service" "$folder/${service}_signing_key"
  done
  ;;
2:--system)
  case "$2" in *[!a-z0-9_]* | '' | operator) usage ;; esac
  case " $services " in *" $2 "*) usage ;; esac
  random | put "systems/$2"
  ;;
2:--rotate)
  is_service "$2"
  new_key >"$folder/.new"
  # Everybody knows the new key before anything is signed with it.
  publish "$2" "$folder/.new"
  replace "${2}_signing_key" <"$folder/.new"
  rm "$folder/.new"
  ;;
2:--retire)
  is_service "$2"
  kept=$(public_file "$2" "$folder/${2}_signing_key")
  [ -e "$folder/$kept" ]
  for each in "$folder/public_keys/$2".*.pem; do
    [ "$each" = "$folder/$kept" ] || rm "$each"
  done
  ;;
*) usage ;;
esac
