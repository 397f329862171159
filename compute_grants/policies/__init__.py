"""Who may do what in compute grants, one module per noun; each answers with a Decision."""
