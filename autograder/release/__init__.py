"""Before the term: what students are given, made from the solutions and proven."""
