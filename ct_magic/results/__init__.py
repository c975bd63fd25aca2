"""What came: DataFrame, shares and pictures."""
