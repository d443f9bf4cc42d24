"""The grader: from a submission to results.json, and from the solutions to what students are given."""
