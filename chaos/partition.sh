#!/usr/bin/env bash
# Cuts one company off from the others, again and again, and audits what is left.
# Options are those of `chaos run` (--help): chaos/partition.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" isolate "$@"
