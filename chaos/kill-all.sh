#!/usr/bin/env bash
# Kills all nodes with -9 at once, in the middle of bookings, and audits what is left.
# Options are those of `chaos run` (--help): chaos/kill-all.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" kill-all "$@"
