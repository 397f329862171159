"""Other systems the consortium stands on. They know nothing of our rows."""
