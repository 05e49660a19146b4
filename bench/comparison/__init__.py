"""The rows of bench/compare.py: what is measured beside what, and what is wished for."""
