#!/usr/bin/env bash
# Kills nodes with -9 in the middle of bookings, one after the other, and audits what is left.
# Options are those of `chaos run` (--help): chaos/kill-node.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" kill-node "$@"
