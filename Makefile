# Two commands do all: `make demo` shows what it does, `make test` tests it.
# Both install what they need; neither needs more than Rust, Python 3, Git and
# a package manager.

.PHONY: demo test format fast-test wheel-test wasm-test lint bench fuzz clean

CARGO ?= cargo

demo:
	@tools/setup.sh demo
	@$(CARGO) build --quiet --profile fast
	@tools/demo.sh target/fast/happy

test: format lint fast-test wheel-test

format:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets -- -D warnings

# `cargo nextest` where it is installed, otherwise cargo's own runner.
fast-test:
	@tools/setup.sh test
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run --no-fail-fast; \
	else \
	  $(CARGO) test; \
	fi

# The wheel, installed into a clean environment and tested there.
wheel-test:
	@tools/setup.sh test
	@tools/wheel.sh

# Every parser for `SECONDS` seconds (60), or `TARGET` alone.
fuzz:
	@tools/fuzz.sh $(or $(TARGET),all) $(or $(SECONDS),60)

# Grammars as WebAssembly: the feature `wasm`, which released builds have. Its
# engine takes minutes to build, so `make test` leaves it out.
wasm-test:
	@tools/setup.sh wasm
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run --no-fail-fast --features wasm wasm:: cli::lang cli::roles; \
	else \
	  $(CARGO) test --features wasm wasm:: -- --test-threads 1; \
	  $(CARGO) test --features wasm cli::; \
	fi

bench:
	@benches/performance.sh

clean:
	$(CARGO) clean
