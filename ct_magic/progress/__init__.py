"""What is seen while counts are under way: panels in widgets, HTML and text."""
