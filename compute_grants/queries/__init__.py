"""What the pages of compute grants show: frozen rows, by a fixed number of queries."""
