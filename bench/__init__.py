"""Benchmarks: ``python -m bench`` runs them; see docs/benchmarks.md for what they mean.

Every figure that is compared with another is taken in the same run, the two kinds in turn, because the machine's
speed drifts. Results go to ``bench/results/`` as JSON and, as a plot and a table, to ``docs/``.
"""
