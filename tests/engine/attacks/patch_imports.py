# patching | breaks the import system, then fails to import itself | costs its module only
# ruff: noqa
import builtins
import importlib
import importlib.util
import sys


def no(*arguments, **keywords):
    raise RuntimeError("no imports any more")


importlib.import_module = no
importlib.util.spec_from_file_location = no
sys.path.clear()
sys.path_hooks.clear()
sys.meta_path.clear()
builtins.__import__ = no
raise RuntimeError("broken on purpose")
