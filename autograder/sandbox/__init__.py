"""The wall: student code runs on its far side only. Imports no other folder of the project."""
