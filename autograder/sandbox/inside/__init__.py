"""The files that run in the same process as student code: numpy and the standard library only, and no secret.

`box` copies them to a folder of the box; a worker never reads the originals.
"""
