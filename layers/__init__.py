"""What the data IS: one declaration per layer, readers, CRS, encodings, repair, one-map names."""
