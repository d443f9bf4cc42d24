"""Prints VERSION|EXECUTABLE|1 or 0: which Python this is, and whether it can make environments.

EXECUTABLE is empty where the Python is too old. It is the interpreter itself, not the shim or the environment
through which it was called. An old Python must be able to read this file.
"""

import sys

version = ".".join(map(str, sys.version_info[:3]))
executable, can_make_environments = "", 0
if sys.version_info >= (3, 10):  # noqa: UP036
    executable = getattr(sys, "_base_executable", None) or sys.executable
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401

        can_make_environments = 1
    except ImportError:
        pass
print(version, executable, can_make_environments, sep="|")
