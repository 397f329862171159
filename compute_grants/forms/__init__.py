"""The forms of compute grants, one module per noun."""
