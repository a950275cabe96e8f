#!/usr/bin/env bash
# Runs a scenario on a cluster of its own, with the programs of this repository: chaos/run.sh SCENARIO [options]
# `chaos list` tells what there is; `--help` the options.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
chaos=${CARGO_TARGET_DIR:-$root/target}/release/chaos
if [[ ! -x $chaos ]]; then
    echo "$chaos is missing: run \`make build\` first" >&2
    exit 1
fi
if (($# == 0)); then
    sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}" >&2
    exec "$chaos" list
fi
exec "$chaos" run "$@"
