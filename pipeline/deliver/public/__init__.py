"""The public edition (公示版): the same plan without owners, persons, lifelines and small counts."""
