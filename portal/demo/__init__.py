"""The demo consortium: invented people and institutions, made through the real actions."""
