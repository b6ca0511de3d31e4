def find_key(place):
    """Find the key in a place."""
    return place.get("key")
