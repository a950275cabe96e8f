#!/bin/sh
# Says whether the node serves, which is what `docker compose ps` shows; and kills one that hangs, so that it is started again: Docker by
# itself restarts what has ended, never what is unhealthy.
#
# A node that answers and does not serve is left alone: it waits for a majority or its database, and a restart brings neither.
#
#   health.sh         for the HEALTHCHECK of the image
#   health.sh kill    kills the node as a crash does, to see it come back: a container that `docker kill` ends counts as stopped
set -u

SILENT_MAX=6                     # times in a row, every 5 s or, as each may take 5 s, 10 s
COUNT=${HEALTH_COUNT:-/tmp/silent}
PROC=${HEALTH_PROC:-/proc}       # for the test of this script
CONFIG=${HEALTH_CONFIG:-/etc/passcom/cluster.toml}

# The process that runs `passcom node`. Process 1 is an init, which passes on neither KILL nor anything to a process that stands still.
node() {
    for folder in "$PROC"/[0-9]*; do
        [ "$(tr '\0' ' ' < "$folder/cmdline" 2>/dev/null | cut -d ' ' -f 1-2)" = "passcom node" ] && echo "${folder##*/}"
    done
}

end() {
    for process in $(node); do
        kill -KILL "$process"
    done
}

ask() {
    timeout 4 passcom admin --config "$CONFIG" --company "$COMPANY" "$1" 2>&1
}

if [ "${1:-}" = kill ]; then
    end
    exit 0
fi
if ask ready; then
    rm -f "$COUNT"
    exit 0
fi
# before the node runs there is nobody to kill: tables are made, the sample is put on sale
if [ -z "$(node)" ] || ask alive; then
    rm -f "$COUNT"
    exit 1
fi
silent=$(($(cat "$COUNT" 2>/dev/null || echo 0) + 1))
echo "$silent" > "$COUNT"
if [ "$silent" -ge "$SILENT_MAX" ]; then
    rm -f "$COUNT"
    echo "the node has not answered $silent times in a row: it is killed"
    end
fi
exit 1
