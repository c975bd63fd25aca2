"""What a cell costs, before anything is sent: its distinct counts, and how long they may take."""
