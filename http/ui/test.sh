#!/usr/bin/env bash
# Tests the page: that the committed files are what the sources give, and what visitors do, in a real browser against a real
# cluster. Needs Node, chromium and the built program (PASSCOM_BIN). What needs neither is in check.sh.
#
# Where Node or chromium are missing it says loudly what was not tested, and succeeds; with PASSCOM_UI_REQUIRED=1 it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ./node.sh

readonly FIRST_PAINT_MAX=160000

export PLAYWRIGHT_CHROMIUM=${PLAYWRIGHT_CHROMIUM:-/usr/bin/chromium}
export PASSCOM_BIN=${PASSCOM_BIN:-${CARGO_TARGET_DIR:-../../target}/release/passcom}

need_node tested
[[ -x $PLAYWRIGHT_CHROMIUM ]] ||
    skip tested "there is no chromium at $PLAYWRIGHT_CHROMIUM (PLAYWRIGHT_CHROMIUM says where)"
[[ -x $PASSCOM_BIN ]] || {
    echo "there is no program at $PASSCOM_BIN: cargo build --release --workspace --bins" >&2
    exit 1
}
PASSCOM_BIN=$(realpath "$PASSCOM_BIN")

install_packages
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
npm run --silent build -- --outDir "$built" --emptyOutDir --logLevel=warn
diff --recursive dist "$built" >/dev/null || {
    echo "http/ui/dist is not what the sources give: make ui, and commit it" >&2
    exit 1
}

# what a browser loads before it shows the first page, compressed as the node sends it; the picture is for who installs it
first_paint=$(grep -o 'assets/[^"]*' "$built/index.html" | grep -v '\.png$' | while read -r file; do gzip -9 -c "$built/$file"; done | wc -c)
((first_paint < FIRST_PAINT_MAX)) || {
    echo "the first page loads $first_paint bytes, more than $FIRST_PAINT_MAX" >&2
    exit 1
}

npm test --silent -- "$@"
