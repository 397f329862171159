"""Who reviews what, and what scores are worth: computation on arrays, without a database."""
