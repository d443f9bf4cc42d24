# control | is the reference | earns everything
# ruff: noqa
import numpy as np
