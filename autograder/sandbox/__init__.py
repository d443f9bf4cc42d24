"""Runs student code in processes of its own, with as few rights as the system allows.

Imports no other folder of the project.
"""
