# exiting | ends the process while it is imported | costs its module only
# ruff: noqa
import os

os._exit(0)
