"""What can be wrong with a shape, how it is mended, and how it is told."""
