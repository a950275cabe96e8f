#!/bin/sh
# Makes the secrets of the cluster in compose.yml and gives to each container only its own. What is there is kept, so that it may run
# at every start.
#
#   /authority             stays here: the authority's own key, and one copy of everything
#   /nodes/<company>       to that company's node, as /run/passcom
#   /databases/<company>   to that company's PostgreSQL
set -eu
umask 077

NODE=10001    # user of our image
POSTGRES=999  # user of the postgres image
COMPANIES="a b c"

# give OWNER FILE TO: replaced in one step, because a node may be reading it
give() {
    cp "$2" "$3.new"
    chown "$1:$1" "$3.new"
    chmod 0400 "$3.new"
    mv "$3.new" "$3"
}

# secret FILE: makes one if there is none
secret() {
    if [ ! -s "$1" ]; then
        od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$1.new"
        mv "$1.new" "$1"
    fi
}

passcom certs --dir /authority --companies "$(echo "$COMPANIES" | tr ' ' ',')"

for company in $COMPANIES; do
    node=/nodes/$company
    database=/databases/$company
    chmod 0755 "$node" "$database"

    secret "/authority/$company-postgres.password"
    secret "/authority/$company-admin.token"
    printf 'postgres://passcom:%s@postgres-%s:5432/passcom\n' \
        "$(cat "/authority/$company-postgres.password")" "$company" > "/authority/$company-database.url"

    give "$POSTGRES" "/authority/$company-postgres.password" "$database/password"
    give "$NODE" "/authority/$company-database.url" "$node/database.url"
    give "$NODE" "/authority/$company-admin.token" "$node/admin.token"
    for file in ca.pem cookie "$company.pem" "$company.key" "$company.token.key"; do
        give "$NODE" "/authority/$file" "$node/$file"
    done
    for other in $COMPANIES; do
        give "$NODE" "/authority/$other.token.pem" "$node/$other.token.pem"
    done
done
echo "secrets are in place"
