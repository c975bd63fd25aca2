"""What every folder may use: words and widths, names of system events, locks after a fork."""
