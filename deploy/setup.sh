# shellcheck shell=bash
# Sourced by deploy/up and deploy/test: a Python virtual environment and the system's packages.
# Idempotent and quiet: does nothing when everything is there.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

root_dir=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
venv="${STEERSMAN_VENV:-$root_dir/.venv}"
# Tools of the system may be in folders that an ordinary user's PATH lacks.
export PATH="$PATH:/usr/sbin:/sbin"

# Whether the flags ask for simulated containers, or the file that they name does, or the cluster
# that is there was made so.
wants_memory() {
  local previous="" word file="" name=steersman data="" place="${HOME:-}/.local/share/steersman"
  [ "$(id -u)" != 0 ] || place=/var/lib/steersman
  for word in "$@"; do
    case "$previous=$word" in
      --runtime=memory | *=--runtime=memory) return 0 ;;
      --runtime=* | *=--runtime=*) return 1 ;;
      --config=*) file="$word" ;;
      *=--config=*) file="${word#--config=}" ;;
      --name=*) name="$word" ;;
      *=--name=*) name="${word#--name=}" ;;
      --data-dir=*) data="$word" ;;
      *=--data-dir=*) data="${word#--data-dir=}" ;;
    esac
    previous="$word"
  done
  grep -Eqs '"runtime": *"memory"' "${data:-$place/$name}/topology.json" && return 0
  [ -n "$file" ] && grep -Eqs "^[[:space:]]*runtime[[:space:]]*=[[:space:]]*[\"']memory[\"']" "$file"
}

docker_answers() {
  if command -v curl >/dev/null; then
    curl -sf -m 5 --unix-socket /var/run/docker.sock http://localhost/_ping >/dev/null 2>&1
  else
    [ -S /var/run/docker.sock ]
  fi
}

# Packages that the real runtime needs, one a line, by the command that shows they are there.
system_packages() {
  command -v ip >/dev/null || echo iproute2
  command -v nft >/dev/null || echo nftables
  command -v conntrack >/dev/null || echo conntrack
  command -v nsenter >/dev/null || echo util-linux
  if ! docker_answers && ! command -v dockerd >/dev/null; then
    echo docker.io
    echo iptables
    # An engine on a kernel with AppArmor starts no container without its parser.
    if grep -qs Y /sys/module/apparmor/parameters/enabled && ! command -v apparmor_parser >/dev/null
    then
      echo apparmor
    fi
  fi
  mountpoint -q /sys/fs/cgroup || command -v cgroupfs-mount >/dev/null || echo cgroupfs-mount
}

# install_packages NAME...: as root, by apt; else say what to run.
install_packages() {
  [ $# -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "these packages (by their names in Debian) are missing, and there is no apt-get: $*"
  [ "$(id -u)" = 0 ] ||
    die "these packages are missing: sudo apt-get install -y --no-install-recommends $*"
  say "installing $*"
  local log
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "$@"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    die "apt-get failed (above; all of it is in $log)"
  fi
  rm -f "$log"
}

# For the tests of the etcd engine. Debian starts the services that it installs: not this one, each
# test runs an etcd of its own.
install_etcd() {
  command -v etcd >/dev/null && return 0
  local policy=/usr/sbin/policy-rc.d made="" failed=""
  if [ "$(id -u)" = 0 ] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=1
  fi
  (install_packages etcd-server) || failed=1
  [ -z "$made" ] || rm -f "$policy"
  [ -z "$failed" ] || exit 1
}

# For the tests of the live page, where this distribution has it as a package.
install_browser() {
  local name
  for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    ! command -v "$name" >/dev/null || return 0
  done
  if ! apt-cache show chromium-headless-shell >/dev/null 2>&1; then apt-get update -qq || true; fi
  apt-cache show chromium-headless-shell >/dev/null 2>&1 || return 0
  install_packages chromium-headless-shell
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

# What an environment was made from: another place, Python or project makes it stale.
venv_state() {
  printf '%s %s %s' "$venv" "$("$1" -c 'import sys; print(*sys.version_info[:3], sep=".")')" \
    "$(sha256sum <"$root_dir/pyproject.toml" | cut -d' ' -f1)"
}

# ensure_venv [test]: the environment with the project (and extra "test"), remade when it is stale.
ensure_venv() {
  local extra="${1:-}" python stamp want
  stamp="$venv/.steersman-${extra:-run}"
  python=$(find_python)
  if [ -z "$python" ]; then
    install_packages python3 python3-venv
    python=$(find_python)
    [ -n "$python" ] || die "Python 3.11 or newer is needed (Debian 12, Ubuntu 24.04 or newer have it)"
  fi
  want=$(venv_state "$python")
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -x "$venv/bin/steersman" ]; then
    return 0
  fi
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages "${python##*/}-venv"
  if [ ! -w "$root_dir" ] || { [ -e "$venv" ] && [ ! -w "$venv" ]; }; then
    die "$venv cannot be made or renewed by this user: clone the repository into a folder of yours"
  fi
  say "preparing the Python environment in ${venv#"$root_dir"/} (once)"
  # A half-made, moved or foreign environment is made anew.
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
    ! grep -qsF "$venv " "$venv"/.steersman-*; then
    rm -rf "$venv"
    "$python" -m venv "$venv" || die "the Python environment could not be made (above)"
    printf '%s ' "$venv" >"$venv/.steersman-begun"
  fi
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --root-user-action=ignore \
    -e "$root_dir${extra:+[$extra]}" || die "pip failed (above)"
  "$venv/bin/python" -m compileall -q "$root_dir"/{actors,cluster,deploy} || true
  printf '%s' "$want" >"$venv/.steersman-run"
  printf '%s' "$want" >"$stamp"
}
