"""LOCK: describes the environment that runs it. The same line again means that nothing has changed since."""

import hashlib
import sys
from pathlib import Path

lock = hashlib.sha256(Path(sys.argv[1]).read_bytes()).hexdigest()
print(lock, ".".join(map(str, sys.version_info[:3])), sys.prefix)
