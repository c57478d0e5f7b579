"""Loop nests as sets of integers: what they visit, for all sizes, held against what they should."""
