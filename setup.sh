#!/usr/bin/env bash
# Makes .venv with what grading needs; in a full checkout, with what working on this repository needs.
#
#   ./setup.sh [--quiet]     --quiet: say nothing when there is nothing to do
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
nobody=65534

# Prints VERSION|EXECUTABLE|1 or 0: whether it can make environments. Names the interpreter itself, not a shim
# or an environment through which it was called.
examine='
import sys
if sys.version_info < (3, 10):
    print("%d.%d.%d||0" % sys.version_info[:3])
    sys.exit()
try:
    import ensurepip, venv
    can_make_environments = 1
except ImportError:
    can_make_environments = 0
executable = getattr(sys, "_base_executable", None) or sys.executable
print("%d.%d.%d|%s|%d" % (sys.version_info[:3] + (executable, can_make_environments)))
'

# Tries an interpreter as another user would: permissions, access lists and mounts all count.
as_another_user='
import os, sys
executable, code, uid = sys.argv[1], sys.argv[2], int(sys.argv[3])
try:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
except OSError:
    sys.exit(0)  # Here nobody can become another user, the grader included: nothing to find out.
os.chdir("/")
try:
    os.execv(executable, [executable, "-I", "-B", "-c", code])
except OSError:
    sys.exit(1)
'

# Describes an environment; the same words again mean that nothing has changed since.
describe='
import hashlib, sys
lock = open(sys.argv[1], "rb").read()
print("%s %d.%d.%d %s" % ((hashlib.sha256(lock).hexdigest(),) + sys.version_info[:3] + (sys.prefix,)))
'

# Grades the reference as the first submission will be graded: what is missing shall fail the build of the image, and
# no student. Leaves nothing behind: its files are those of a folder of its own.
grade_reference='
import contextlib, io, json, os, runpy, sys, tempfile
here = sys.argv[1]
sys.path.insert(0, here)
printed = io.StringIO()
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    sys.argv = ["autograder", "grade", os.path.join(here, "solutions"), "--results", "results.json"]
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_module("autograder", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            sys.exit(printed.getvalue()[-2000:] + "\\ngrading it ended with status %s" % end.code)
    with open("results.json", encoding="utf-8") as file:
        results = json.load(file)
    os.chdir("/")
lost = [row["number"] for row in results["tests"] if row["status"] != "passed"]
if lost or not results["tests"]:
    sys.exit(printed.getvalue()[-2000:] + "\\nthe reference lost %s" % (", ".join(lost) or "every row"))
mode = results["extra_data"]["worker"].get("mode", "unknown")
print("Graded the reference: full marks in %.0f s, isolation %s." % (results["execution_time"], mode))
'

main() {
  local quiet=no
  case "${1-}" in
    --quiet) quiet=yes ;;
    '') ;;
    *) printf 'setup.sh knows no argument "%s": call it as ./setup.sh, or ./setup.sh --quiet.\n' "$1" >&2; exit 2 ;;
  esac

  if [ -d "$here/tests/engine" ]; then lock=requirements/development.lock; else lock=requirements/grading.lock; fi
  [ -f "$here/$lock" ] || fail "$lock is missing: this folder is not complete, copy it again."
  choose_place
  if is_ready; then
    [ "$quiet" = yes ] || printf 'Ready: .venv fits %s.\n' "$lock"
    return
  fi

  choose_python
  wait_for_other_setups
  if ! is_ready; then
    build
  fi
  printf 'Ready: Python %s with %s in %s (%s s).\n' "$version" "$lock" "$environment" "$SECONDS"
}

fail() {
  printf 'setup.sh: %s\n' "$1" >&2
  exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Sets `environment`: where the packages go. `.venv` is that folder, or a link to it.
choose_place() {
  environment=$here/.venv
  is_root || return 0
  # On the platform the source folder is closed to everybody while student code runs.
  local platform
  platform=$(cd "${AUTOGRADER_ROOT:-/autograder}/source" 2>/dev/null && pwd -P) || platform=none
  if [ "$here" != "$platform" ] && is_open_to_all "$here"; then return 0; fi

  local base
  for base in "${HW4_ENVIRONMENTS:-/opt/hw4-autograder}" /var/lib/hw4-autograder; do
    # Owned by root, or somebody else could put an environment there.
    if mkdir -p "$base" 2>/dev/null && [ -O "$base" ] && [ -w "$base" ] && is_open_to_all "$base"; then
      environments=$base
      environment=$base/$(basename "$here")-$(printf '%s' "$here" | cksum | cut -d ' ' -f 1)
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
  local now
  now=$("$environment/bin/python" -I -c "$describe" "$here/$lock" 2>/dev/null) || return 1
  [ "$now" = "$(cat "$environment/.hw4-ready")" ] || return 1
  # Whoever names a Python wants that one.
  if [ -n "${HW4_PYTHON-}" ]; then
    choose_python
    [ "$environment/bin/python" -ef "$executable" ] || return 1
  fi
}

# Sets `version` and `executable`, or says why there is none.
choose_python() {
  local candidate path report found can_make too_old='' closed='' closed_version='' bare='' bare_version=''
  if [ -n "${HW4_PYTHON-}" ]; then
    set -- "$HW4_PYTHON"
  else
    set -- python3 python3.13 python3.12 python3.11 python3.10 /usr/local/bin/python3 /usr/bin/python3
  fi
  for candidate in "$@"; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    report=$("$path" -I -c "$examine" 2>/dev/null </dev/null) || continue
    IFS='|' read -r version found can_make <<<"$report"
    if [ -z "$found" ]; then
      too_old="$candidate is $version"
    elif ! is_executable_by_all "$found"; then
      [ -n "$closed" ] || { closed=$found closed_version=$version; }
    elif [ "$can_make" = 0 ]; then
      [ -n "$bare" ] || { bare=$found bare_version=$version; }
    else
      executable=$found
      return 0
    fi
  done

  if [ -n "$bare" ]; then
    executable=$bare version=$bare_version
    install_venv_module
  elif [ -n "$closed" ]; then
    fail "$closed (Python $closed_version) can be executed by root alone, and student code must not run as root:
install Python 3.10 or newer for all users (for example: apt-get install python3 python3-venv), name another one
with HW4_PYTHON, or set HW4_ALLOW_SAME_USER=1 to run student code as root."
  elif [ -n "${HW4_PYTHON-}" ]; then
    fail "HW4_PYTHON=$HW4_PYTHON is no Python 3.10 or newer${too_old:+ ($too_old)}: name another one."
  else
    fail "there is no Python 3.10 or newer here${too_old:+ ($too_old)}: install one, or name it with HW4_PYTHON."
  fi
}

is_executable_by_all() {
  is_root && [ "${HW4_ALLOW_SAME_USER-}" != 1 ] || return 0
  "$1" -I -c "$as_another_user" "$1" "${2:-import json, socket}" "$nobody" >/dev/null 2>&1 </dev/null
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

# Holds a lock on this folder until the script ends. Python takes it for us, on a file descriptor of ours: there is
# no flock command on macOS, and a lock of this kind cannot be left behind.
wait_for_other_setups() {
  exec 9<"$here"
  "$executable" -I -c '
import fcntl
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another set-up is running in this folder: waiting for it.", flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:
    pass  # A file system without locks.
'
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
  if ! is_executable_by_all "$python" "$imports"; then
    fail "root can use $environment, but other users cannot: look at the permissions of the folders above it."
  fi
  # The platform starts a fresh copy of the image for every submission: what is compiled here is compiled once.
  if [ ! -d "$here/tests/engine" ]; then
    step "compiling failed" "$python" -I -m compileall -q "$here/autograder" "$here/solutions" "$here/tests"
    step "the reference, graded as a submission, did not get full marks" "$python" -I -c "$grade_reference" "$here"
    printf '%s\n' "$said"
  fi
  [ "$environment" = "$here/.venv" ] || ln -s "$environment" "$here/.venv"
  "$python" -I -c "$describe" "$here/$lock" >"$environment/.hw4-ready"
}

# Removes an environment of ours or a link to one, whole or half-built; leaves alone what somebody else made.
remove_if_ours() {
  if [ -f "$1/.hw4-source" ] || { [ -L "$1" ] && [ ! -e "$1" ]; }; then
    if [ -L "$1" ]; then rm -f "$1"; else rm -rf "$1"; fi
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

# Runs a command in silence, and sets `said`; when it fails, shows the end of what it said, and a sentence.
step() {
  local sentence=$1
  shift
  # 9<&-: a process left running by the command must not keep the lock.
  if ! said=$("$@" 2>&1 </dev/null 9<&-); then
    printf '%s\n' "$said" | tail -n 15 >&2
    fail "$sentence (see above)."
  fi
}

main "$@"
