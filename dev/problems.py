"""What keeps the launcher from starting or going on."""


class CannotStart(Exception):
    """Something is wrong that the developer can put right; the text is a sentence for them and holds no secret."""
