"""What came, as pandas: the DataFrame, shares, changes, comparisons, tables."""
