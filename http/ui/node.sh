# Sourced by check.sh and test.sh, in this folder: Node and the packages that the page is made with.

readonly NODE_MIN=20.19

# skip NOT_DONE WHY: ends the script, loudly. No failure, unless PASSCOM_UI_REQUIRED=1.
skip() {
    {
        echo
        echo "***************************************************************"
        echo "* The page was NOT $1: $2"
        echo "***************************************************************"
    } >&2
    [[ ${PASSCOM_UI_REQUIRED:-} != 1 ]] || exit 1
    exit 0
}

# need_node NOT_DONE: what is not done without it.
need_node() {
    command -v node >/dev/null && command -v npm >/dev/null || skip "$1" "there is no Node with npm (at least $NODE_MIN)"
    local found
    found=$(node --version)
    printf '%s\n' "$NODE_MIN" "${found#v}" | sort --version-sort --check=quiet ||
        skip "$1" "Node ${found#v} is older than $NODE_MIN"
}

# The packages of package-lock.json, unless they are there already.
install_packages() {
    [[ node_modules/.package-lock.json -nt package-lock.json ]] || npm ci --no-audit --no-fund --loglevel=error
}
