#!/usr/bin/env bash
# Makes .venv with what grading needs; in a full checkout, with what working on this repository needs.
#
#   ./setup.sh [--quiet]     --quiet: print nothing when there is nothing to do
#
#   HW4_PYTHON=PATH          the Python to use, 3.10 or newer
#   HW4_ALLOW_SAME_USER=1    as root: accept a Python that root alone can execute
#   HW4_ENVIRONMENTS=FOLDER  as root: where environments go that other users could not reach in this folder
#
# Student code runs as a user of its own when the grader is root. So as root, both the interpreter and the
# environment must lie where every user can execute them; a pyenv below a 0700 /root is not such a place.
# Runs on bash 3.2, which is what macOS has.
set -euo pipefail
umask 022
# Settings of the caller that would send packages or bytecode elsewhere.
unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONNOUSERSITE
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_DEPS PIP_NO_COMPILE PIP_REQUIRE_VIRTUALENV
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 DEBIAN_FRONTEND=noninteractive

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
programs=$here/autograder/setup

main() {
  case "${1-}" in
    '' | --quiet) ;;
    *) printf 'setup.sh knows no argument "%s": call it as ./setup.sh, or ./setup.sh --quiet.\n' "$1" >&2; exit 2 ;;
  esac
  if is_full_checkout; then lock=requirements/development.lock; else lock=requirements/grading.lock; fi
  local part
  for part in "$lock" autograder/setup; do
    [ -e "$here/$part" ] || fail "$part is missing: this folder is not complete, copy it again."
  done

  choose_place
  if is_ready; then
    [ "${1-}" = --quiet ] || printf 'Ready: .venv fits %s.\n' "$lock"
    return
  fi
  choose_python
  # Held until the script ends.
  exec 9<"$here"
  "$executable" -I "$programs/take_lock.py"
  is_ready || build
  printf 'Ready: Python %s with %s in %s (%s s).\n' "$version" "$lock" "$environment" "$SECONDS"
}

fail() {
  printf 'setup.sh: %s\n' "$1" >&2
  exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

is_full_checkout() { [ -d "$here/tests/engine" ]; }

# Sets `environment`: where the packages go. `.venv` is that folder, or a link to it.
choose_place() {
  environment=$here/.venv
  is_root || return 0
  # On the platform, the source folder is closed to everybody while student code runs.
  local platform
  platform=$(cd "${AUTOGRADER_ROOT:-/autograder}/source" 2>/dev/null && pwd -P) || platform=none
  if [ "$here" != "$platform" ] && is_open_to_all "$here"; then return 0; fi

  for environments in "${HW4_ENVIRONMENTS:-/opt/hw4-autograder}" /var/lib/hw4-autograder; do
    # Owned by root, or somebody else could put an environment there.
    if mkdir -p "$environments" 2>/dev/null && [ -O "$environments" ] && [ -w "$environments" ] &&
      is_open_to_all "$environments"; then
      environment=$environments/$(basename "$here")-$(printf '%s' "$here" | cksum | cut -d ' ' -f 1)
      return 0
    fi
  done
  fail "other users cannot get into $here, and neither /opt nor /var/lib takes an environment: move this folder, for
example to /srv, or name a folder that all users can enter with HW4_ENVIRONMENTS."
}

# Whether every user can get into a folder, given as a path without links.
is_open_to_all() {
  local path=$1
  while [ "$path" != / ]; do
    case $(ls -ld "$path") in
      ?????????[xt]*) path=$(dirname "$path") ;;
      *) return 1 ;;
    esac
  done
}

is_ready() {
  [ -f "$environment/.hw4-ready" ] && [ "$here/.venv" -ef "$environment" ] || return 1
  local description
  description=$(describe 2>/dev/null) || return 1
  [ "$description" = "$(cat "$environment/.hw4-ready")" ] || return 1
  # Whoever names a Python wants that one.
  if [ -n "${HW4_PYTHON-}" ]; then
    choose_python
    [ "$environment/bin/python" -ef "$executable" ]
  fi
}

describe() { "$environment/bin/python" -I "$programs/describe.py" "$here/$lock"; }

# Sets `version` and `executable`, or says why there is no Python to use.
choose_python() {
  local candidate report can_make too_old='' closed='' bare=''
  set -- python3 python3.13 python3.12 python3.11 python3.10 /usr/local/bin/python3 /usr/bin/python3
  if [ -n "${HW4_PYTHON-}" ]; then set -- "$HW4_PYTHON"; fi
  for candidate in "$@"; do
    report=$("$candidate" -I "$programs/examine.py" 2>/dev/null </dev/null) || continue
    IFS='|' read -r version executable can_make <<<"$report"
    if [ -z "$executable" ]; then
      too_old=" ($candidate is $version)"
    elif ! is_executable_by_all "$executable" 'import json, socket'; then
      closed=${closed:-"$executable (Python $version)"}
    elif [ "$can_make" = 0 ]; then
      bare=${bare:-$report}
    else
      return 0
    fi
  done

  if [ -n "$bare" ]; then
    IFS='|' read -r version executable can_make <<<"$bare"
    install_venv_module
  elif [ -n "$closed" ]; then
    fail "$closed can be executed by root alone, and student code must not run as root:
install Python 3.10 or newer for all users (for example: apt-get install python3 python3-venv), name another one
with HW4_PYTHON, or set HW4_ALLOW_SAME_USER=1 to run student code as root."
  elif [ -n "${HW4_PYTHON-}" ]; then
    fail "HW4_PYTHON=$HW4_PYTHON is no Python 3.10 or newer$too_old: name another one."
  else
    fail "there is no Python 3.10 or newer here$too_old: install one, or name it with HW4_PYTHON."
  fi
}

# Whether the user `nobody` can run an interpreter with some imports; only root has to ask.
is_executable_by_all() {
  if ! is_root || [ "${HW4_ALLOW_SAME_USER-}" = 1 ]; then return 0; fi
  "$1" -I "$programs/run_as.py" 65534 "$1" "$2" >/dev/null 2>&1 </dev/null
}

# Debian and Ubuntu ship Python without the part that makes environments.
install_venv_module() {
  local package="python${version%.*}-venv"
  if ! is_root || ! command -v apt-get >/dev/null; then
    fail "$executable (Python $version) cannot make environments: install $package (on Debian and Ubuntu: sudo apt install
$package), then run ./setup.sh again."
  fi
  printf 'Installing %s, which %s lacks.\n' "$package" "$executable"
  step "installing $package failed" apt-get update -q
  step "installing $package failed" apt-get install -y -q --no-install-recommends "$package"
}

build() {
  printf 'Setting up: Python %s (%s), %s. This takes about half a minute.\n' "$version" "$executable" "$lock"
  remove_if_ours "$here/.venv"
  remove_if_ours "$environment"
  remove_abandoned
  mkdir -p "$environment"
  # From here on the folder is known as ours, however far the rest gets.
  printf '%s\n' "$here" >"$environment/.hw4-source"

  local python=$environment/bin/python
  local imports='import numpy, scipy, gymnasium, pytest, hypothesis, gradescope_utils, click, rich, PIL.Image'
  step "$executable could not make an environment" "$executable" -I -m venv "$environment"
  # Wheels only: nothing is built, and no code of a package runs while it is installed.
  step "installing $lock failed: is there a network?" \
    "$python" -I -m pip install --quiet --require-hashes --only-binary :all: -r "$here/$lock"
  step "the environment is broken" "$python" -I -c "$imports"
  is_executable_by_all "$python" "$imports" ||
    fail "root can use $environment, but other users cannot: look at the permissions of the folders above it."
  # The platform starts a fresh copy of the image for every submission: what is compiled here is compiled once.
  if ! is_full_checkout; then
    step "compiling failed" "$python" -I -m compileall -q "$here/autograder" "$here/solutions" "$here/tests"
    step "the reference, graded as a submission, did not get full marks" "$python" -I "$programs/grade_reference.py"
    printf '%s\n' "$output"
  fi
  [ "$environment" = "$here/.venv" ] || ln -s "$environment" "$here/.venv"
  describe >"$environment/.hw4-ready"
}

# Removes an environment of ours or a link to one, whole or half-built; leaves alone what somebody else made.
remove_if_ours() {
  if [ -L "$1" ] && { [ -f "$1/.hw4-source" ] || [ ! -e "$1" ]; }; then
    rm -f "$1"
  elif [ -f "$1/.hw4-source" ]; then
    rm -rf "$1"
  elif [ -e "$1" ]; then
    rmdir "$1" 2>/dev/null || fail "$1 was not made by setup.sh: move it away, then run ./setup.sh again."
  fi
}

# Environments of folders that no longer exist would pile up where root keeps them.
remove_abandoned() {
  [ -n "${environments-}" ] || return 0
  local mark
  for mark in "$environments"/*/.hw4-source; do
    if [ -f "$mark" ] && [ ! -d "$(cat "$mark")" ]; then rm -rf "$(dirname "$mark")"; fi
  done
}

# Runs a command and sets `output`; when it fails, prints the end of its output, and a sentence.
step() {
  local sentence=$1 failed='' clock=''
  shift
  # 9<&-: a process left running by the command must not keep the lock.
  if [ -t 2 ]; then count_seconds 9<&- & clock=$!; fi
  output=$("$@" 2>&1 </dev/null 9<&-) || failed=1
  if [ -n "$clock" ]; then
    kill "$clock"
    wait "$clock" 2>/dev/null || true
    printf '\r\033[K' >&2
  fi
  if [ -n "$failed" ]; then
    printf '%s\n' "$output" | tail -n 15 >&2
    fail "$sentence (see above)."
  fi
}

# Shows in a terminal that the script is at work; ends with it, however it ends.
count_seconds() {
  while sleep 1 && kill -0 $$ 2>/dev/null; do printf '\rSetting up: %s s' "$SECONDS" >&2; done
}

main "$@"
