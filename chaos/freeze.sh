#!/usr/bin/env bash
# Stops a node (SIGSTOP) for longer than a lease lasts, and audits what is left.
# Options are those of `chaos run` (--help): chaos/freeze.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" freeze "$@"
