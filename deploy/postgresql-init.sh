#!/bin/sh
# For each service a database, the role that owns its schema, and the role in which it works; run once, when
# the cluster is made. Passwords are read from files by psql itself, so that no process shows them.
set -eu
secrets=${SECRETS:-/run/secrets}

for service in membership assistance staffing reporting; do
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set service="$service" --set owner="${service}_owner" \
    --set owner_file="$secrets/${service}_owner_password" \
    --set service_file="$secrets/${service}_database_password" <<'SQL'
\set owner_password `cat :'owner_file'`
\set service_password `cat :'service_file'`
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"service" LOGIN PASSWORD :'service_password';
CREATE DATABASE :"service" OWNER :"owner" TEMPLATE template0;
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service";
\connect :"service"
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"service";
SQL
done

# Nobody but the superuser has any business in these.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
