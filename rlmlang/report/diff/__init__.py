"""A difference of recipes, plans and runs for people and programs."""
