"""The rows of bench/compare.py: the compared sides and the goals."""
