# To be sourced: puts cargo on PATH, or says what to do. rustup's own folder is often not on PATH of scripts.
command -v cargo >/dev/null || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
command -v cargo >/dev/null || {
  echo "cargo was not found, neither on PATH nor in ${CARGO_HOME:-$HOME/.cargo}/bin: run 'tools/setup full'" >&2; exit 1; }
