"""What is wrong with a text, where, and what was probably meant."""
