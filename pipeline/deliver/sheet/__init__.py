"""A3 sheets: plain drawing instructions in, one JPG and its report out.  Knows no layer names."""
