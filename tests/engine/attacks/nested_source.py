# starving | is a source nested too deep for the compiler | costs its module only
# ruff: noqa
BOMB = ()
