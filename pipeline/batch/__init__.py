"""Many plans: found, run side by side in an embedded pool or on Dask, reported, and summed up for a city."""
