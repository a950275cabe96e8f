#!/usr/bin/env bash
# Kills Redis in the middle of bookings, and audits what is left.
# Options are those of `chaos run` (--help): chaos/redis-down.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" redis-kill "$@"
