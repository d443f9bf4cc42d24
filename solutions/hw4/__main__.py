"""The student's command line: ``python -m hw4 check``.

Any Python can read this file, so that one that is too old is told so.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit("This is Python %d.%d, but HW4 needs 3.10 to 3.13: install one of them." % sys.version_info[:2])  # noqa: UP031

from hw4.lab import environment

try:
    from hw4.lab.command_line import main
except ModuleNotFoundError as error:
    sys.exit(environment.not_installed(str(error.name)))

if __name__ == "__main__":
    sys.exit(main())
