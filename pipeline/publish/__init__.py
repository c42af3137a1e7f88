"""Hand-ins beyond their folders: into a PostGIS database, and many plans of a district side by side."""
