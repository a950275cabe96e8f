#!/usr/bin/env bash
# Everything at once, drawn from a seed, and an audit of what is left.
# Options are those of `chaos run` (--help): chaos/mixed.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" mixed "$@"
