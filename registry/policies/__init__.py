"""Who may do what, one module per noun; one function per action."""
