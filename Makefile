# What a person types. One profile (release) for everything, so that nothing is compiled twice.

.DEFAULT_GOAL := help
.PHONY: help setup build demo test check bench search chaos kill ui

help: ## these lines
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)
	@echo "  make demo ARGS='--http-port 9000 --fresh'	passes arguments on"

setup: ## install what is missing (PostgreSQL, Redis); nothing else on the machine is touched
	@.ci/setup

build: setup
	cargo build --release --locked --workspace --bins

demo: build ## a whole cluster on this machine, ready for a first booking
	@"$${CARGO_TARGET_DIR:-target}/release/passcom" demo $(ARGS)

ui: ## the web page from its sources, into http/ui/dist, which is committed (needs Node)
	cd http/ui && npm ci --no-audit --no-fund && npm run types && npm run check && npm run build

test: setup ## all tests
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; cargo nextest run --release --locked --workspace --no-fail-fast $(ARGS); \
	else set -x; cargo test --release --locked --workspace --no-fail-fast $(ARGS); fi
	cargo build --release --locked --workspace --bins
	@http/ui/test.sh

bench: setup ## how fast it is: bookings and what each costs, reads, overload, growth (ARGS=--quick: the first, in a minute)
	cargo build --release --locked --workspace --bins
	@"$${CARGO_TARGET_DIR:-target}/release/chaos" bench $(ARGS)

search: ## speed of searches for itineraries, and memory of the catalogue, on a network as large as a country's
	cargo bench --locked --workspace --features passcom-node/bench --bench search -- $(ARGS)

chaos: setup ## breaks a cluster under load in every way there is for five minutes, then audits it
	cargo build --release --locked --workspace --bins
	@"$${CARGO_TARGET_DIR:-target}/release/chaos" run mixed $(ARGS)

kill: setup ## kills nodes two at a time, at random steps
	cargo test --release --locked --workspace --test kill_points -- --ignored --nocapture $(ARGS)

check: ## formatting, lints, and that the planted bugs of chaos/bugs apply; of the web page, types and unit tests too, if there is Node
	cargo fmt --all --check
	@for bug in chaos/bugs/*.patch; do git apply --check "$$bug" || exit 1; done
	cargo clippy --release --locked --workspace --all-targets --all-features -- -D warnings
	@http/ui/check.sh
