#!/bin/sh
# Makes what is missing of the passwords and keys that docker-compose.yml names, in deploy/secrets.
# The folder is its owner's alone; the files within are readable, since each container reads its own as another user.
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder/public_keys"

put() {
  [ -e "$folder/$1" ] || { cat >"$folder/.draft"; chmod 444 "$folder/.draft"; mv "$folder/.draft" "$folder/$1"; }
}

random() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

random | put postgresql_password
for service in membership assistance staffing reporting; do
  random | put "${service}_owner_password"
  random | put "${service}_database_password"
  random | put "${service}_bus_password"
  random | put "${service}_master_key"
  openssl genpkey -algorithm ed25519 | put "${service}_signing_key"
  # A public key is found by the beginning of the raw key's hash, which stands at the end of its DER form.
  key_id=$(openssl pkey -in "$folder/${service}_signing_key" -pubout -outform DER | tail -c 32 | sha256sum | cut -c1-16)
  openssl pkey -in "$folder/${service}_signing_key" -pubout | put "public_keys/$service.$key_id.pem"
done
chmod 755 "$folder/public_keys"
