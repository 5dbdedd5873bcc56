# Sourced by deploy/up and deploy/test: a Python virtual environment and the system's packages.
# Idempotent and quiet: does nothing when everything is there.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

root_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv="${STEERSMAN_VENV:-$root_dir/.venv}"

# Packages that the real runtime needs, by the command that shows they are there.
system_packages() {
  local missing=()
  command -v ip >/dev/null || missing+=(iproute2)
  PATH="$PATH:/usr/sbin:/sbin" command -v nft >/dev/null || missing+=(nftables)
  PATH="$PATH:/usr/sbin:/sbin" command -v conntrack >/dev/null || missing+=(conntrack)
  command -v nsenter >/dev/null || missing+=(util-linux)
  if ! curl -sf --unix-socket /var/run/docker.sock http://localhost/_ping >/dev/null 2>&1 &&
    ! PATH="$PATH:/usr/sbin:/sbin" command -v dockerd >/dev/null; then
    missing+=(docker.io iptables)
  fi
  mountpoint -q /sys/fs/cgroup || command -v cgroupfs-mount >/dev/null || missing+=(cgroupfs-mount)
  printf '%s\n' "${missing[@]}"
}

install_packages() {
  [ $# -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    die "these are missing, and this is no Debian or Ubuntu: $*. Install them, or add --runtime memory"
  fi
  if [ "$(id -u)" != 0 ]; then
    die "these packages are missing: $*. Run: sudo apt-get install -y --no-install-recommends $*
or run as root, or run without containers: add --runtime memory"
  fi
  say "installing $*"
  local log
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    die "apt-get failed (above)"
  fi
  rm -f "$log"
}

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s' "$name"
      return
    fi
  done
}

# ensure_venv EXTRA: the environment with the project (and extra "test"), remade when it changed.
ensure_venv() {
  local extra="${1:-}" python stamp want
  python=$(find_python)
  if [ -z "$python" ]; then
    install_packages python3 python3-venv
    python=$(find_python)
    [ -n "$python" ] || die "Python 3.11 or newer is needed (Debian 12, Ubuntu 24.04 or newer have it)"
  fi
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
  stamp="$venv/.steersman-$([ -n "$extra" ] && echo "$extra" || echo run)"
  want=$(sha256sum "$root_dir/pyproject.toml" | cut -d' ' -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && return 0
  say "preparing the Python environment in ${venv#"$root_dir"/} (once)"
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -e "$root_dir${extra:+[$extra]}"
  "$venv/bin/python" -m compileall -q "$root_dir"/{actors,cluster,deploy} || true
  printf '%s' "$want" >"$stamp"
}
