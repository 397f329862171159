"""What the pages of compute grants show, one module per subject, each of a fixed number of queries."""
