"""Locks the folder that is open as file descriptor 9, which the shell keeps open until it ends.

There is no flock command on macOS, and unlike a lock file, this lock cannot be left behind.
"""

import fcntl

try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another set-up is running in this folder: waiting for it.", flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:
    pass  # The file system has no locks.
