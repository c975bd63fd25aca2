"""What a cell asks, before and while it is asked: rows over questions, cost, estimate."""
