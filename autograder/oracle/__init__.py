"""Exact numbers: small MDPs whose every trajectory is enumerated, so that an expectation is a finite sum.

Uses ``TrajectoryBatch``, never the reference solution: the two are written apart, so that each is evidence
for the other.
"""
