"""Begin a plan: look through a folder of files, write a config that maps them, and templates for the rest."""
