def letters(text, at_least):
    """How many letters of a text stand in words of so many."""
    return sum(len(word) for word in text.split() if len(word) >= at_least)
