#!/usr/bin/env bash
# Checks the page: types, that the committed files are what the sources give, and what visitors do, in a real browser against a
# real cluster. Needs Node, chromium and the built program (PASSCOM_BIN).
#
# Where Node or chromium are missing it says loudly what was not checked, and succeeds; with PASSCOM_UI_REQUIRED=1 it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly NODE_MIN=20.19
export PLAYWRIGHT_CHROMIUM=${PLAYWRIGHT_CHROMIUM:-/usr/bin/chromium}
export PASSCOM_BIN=${PASSCOM_BIN:-${CARGO_TARGET_DIR:-../../target}/release/passcom}

skip() {
    echo >&2
    echo "***************************************************************" >&2
    echo "* The page was NOT tested: $*" >&2
    echo "***************************************************************" >&2
    [[ ${PASSCOM_UI_REQUIRED:-} != 1 ]] || exit 1
    exit 0
}

command -v node >/dev/null || skip "there is no Node (at least $NODE_MIN)"
found=$(node --version)
printf '%s\n' "$NODE_MIN" "${found#v}" | sort --version-sort --check=quiet || skip "Node ${found#v} is older than $NODE_MIN"
[[ -x $PLAYWRIGHT_CHROMIUM ]] || skip "there is no chromium at $PLAYWRIGHT_CHROMIUM (PLAYWRIGHT_CHROMIUM says where)"
[[ -x $PASSCOM_BIN ]] || {
    echo "there is no program at $PASSCOM_BIN: cargo build --release --workspace --bins" >&2
    exit 1
}
PASSCOM_BIN=$(realpath "$PASSCOM_BIN")

npm ci --no-audit --no-fund --loglevel=error
npm run --silent types -- --check
npm run --silent check

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
npm run --silent build -- --outDir "$built" --emptyOutDir --logLevel=warn
diff --recursive dist "$built" >/dev/null || {
    echo "http/ui/dist is not what the sources give: make ui, and commit it" >&2
    exit 1
}

npm test --silent -- "$@"
