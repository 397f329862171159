"""The launcher's one error."""


class Refusal(Exception):
    """What stands in the way, in whole sentences for the person at the terminal."""
