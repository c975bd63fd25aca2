"""What IPython sees: the magics, their line, the commands and Tab."""
