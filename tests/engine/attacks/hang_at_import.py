# starving | never finishes its import | costs its module only
# ruff: noqa
while True:
    pass
