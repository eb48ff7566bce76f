"""The client of threads: thin façades over the core."""
