"""UID EXECUTABLE CODE: runs a line of Python as another user.

Unlike a look at permissions, this takes access lists and mounts into account.
"""

import os
import sys

uid, executable, code = int(sys.argv[1]), sys.argv[2], sys.argv[3]
try:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
except OSError:
    sys.exit(0)  # Nobody can become another user here, the grader included, so there is nothing to find out.
os.chdir("/")
try:
    os.execv(executable, [executable, "-I", "-B", "-c", code])
except OSError:
    sys.exit(1)
