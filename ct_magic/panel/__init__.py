"""What is seen while a cell runs and after it: widgets, HTML and text."""
