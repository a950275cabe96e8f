#!/bin/sh
# Makes the secrets of the cluster in compose.yml and gives to each container only its own. What is there is kept, so that it may run
# at every start.
#
#   /authority             stays here: the authorities' own keys, and one copy of everything
#   /nodes/<company>       to that company's node, as /run/passcom
#   /owners/<company>      to who migrates that company's database, as /run/passcom
#   /databases/<company>   to that company's PostgreSQL
#   /redis                 to Redis, as /run/passcom
set -eu
umask 077

NODE=10001    # user and group of our image
POSTGRES=999  # of the postgres image
REDIS=999     # of the redis image
COMPANIES="a b c"
SHARE=${SHARE:-/usr/local/share/passcom}
ROOT=${ROOT:-}  # for the test of this script

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

authority=$ROOT/authority
list=$(echo "$COMPANIES" | tr ' ' ',')
passcom certs --dir "$authority" --companies "$list" --servers "postgres-$(echo "$list" | sed 's/,/,postgres-/g'),redis" > /dev/null

redis=$ROOT/redis
chmod 0755 "$redis"
echo "user default off" > "$authority/redis-users.acl"

for company in $COMPANIES; do
    node=$ROOT/nodes/$company
    owner=$ROOT/owners/$company
    database=$ROOT/databases/$company
    mine=$authority/$company
    chmod 0755 "$node" "$owner" "$database"

    for role in postgres owner node redis; do
        secret "$mine-$role.password"
    done
    secret "$mine-admin.token"
    # url ROLE: hexadecimal digits need no quoting
    url() {
        printf 'postgres://passcom_%s:%s@postgres-%s:5432/passcom\n' "$1" "$(cat "$mine-$1.password")" "$company"
    }
    url node > "$mine-database.url"
    url owner > "$mine-owner.url"
    {
        for role in owner node; do
            printf "set passcom.%s_password = '%s';\n" "$role" "$(cat "$mine-$role.password")"
        done
        cat "$SHARE/roles.sql"
    } > "$mine-roles.sql"

    printf 'rediss://passcom-%s:%s@redis:6379\n' "$company" "$(cat "$mine-redis.password")" > "$mine-redis.url"
    # what leases need, and nothing else (docs/operations.md)
    printf 'user passcom-%s reset on #%s %s\n' "$company" "$(sha256sum < "$mine-redis.password" | cut -d ' ' -f 1)" \
        "~lease:* ~fence:* -@all +get +set +del +incr +pttl +evalsha +script|load +scan" >> "$authority/redis-users.acl"

    give "$POSTGRES" "$mine-postgres.password" "$database/password"
    give "$POSTGRES" "$mine-roles.sql" "$database/roles.sql"
    give "$POSTGRES" "$authority/postgres-$company.pem" "$database/server.pem"
    give "$POSTGRES" "$authority/postgres-$company.key" "$database/server.key"

    give "$NODE" "$mine-owner.url" "$owner/owner.url"
    for to in "$owner" "$node"; do
        give "$NODE" "$mine-database.url" "$to/database.url"
        give "$NODE" "$authority/servers-ca.pem" "$to/servers-ca.pem"
    done

    give "$NODE" "$mine-admin.token" "$node/admin.token"
    give "$NODE" "$mine-redis.url" "$node/redis.url"
    for file in ca.pem cookie "$company.pem" "$company.key" "$company.token.key"; do
        give "$NODE" "$authority/$file" "$node/$file"
    done
    for other in $COMPANIES; do
        give "$NODE" "$authority/$other.token.pem" "$node/$other.token.pem"
    done
done
give "$REDIS" "$authority/redis-users.acl" "$redis/users.acl"
give "$REDIS" "$authority/redis.pem" "$redis/server.pem"
give "$REDIS" "$authority/redis.key" "$redis/server.key"
echo '{"message":"secrets are in place"}'
