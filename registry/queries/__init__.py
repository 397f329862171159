"""Read models for pages and reports, one module per noun."""
