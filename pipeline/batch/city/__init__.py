"""A city's layers made into one plan a community: read once, cut out with the walk round each, left as plain plans."""
