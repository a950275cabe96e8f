#!/usr/bin/env bash
# Kills a company's PostgreSQL in the middle of bookings, and audits what is left.
# Options are those of `chaos run` (--help): chaos/postgres-down.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" postgres-kill "$@"
