"""A city's communities beside each other, from the results of their plans: ranking, database, overview sheet."""
