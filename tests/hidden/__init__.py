"""The graded tests: one row each, held against reference, oracle or property. Never given to students."""
