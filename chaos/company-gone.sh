#!/usr/bin/env bash
# Takes node and PostgreSQL of a company away, watches the others, and brings it back.
# Options are those of `chaos run` (--help): chaos/company-gone.sh --seconds 30 --seed 7
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" company-gone "$@"
