#!/usr/bin/env bash
# Checks the sources of the page: format, types, lints, and the tests that need no browser. Needs Node, and nothing built.
#
# Where Node is missing it says loudly what was not checked, and succeeds; with PASSCOM_UI_REQUIRED=1 it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ./node.sh

need_node checked
install_packages
npm run --silent format:check -- --log-level warn
npm run --silent types -- --check
npm run --silent check
npm run --silent unit
npm run --silent lint
