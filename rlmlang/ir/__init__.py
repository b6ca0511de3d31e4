"""What is true after checking: types, expressions, recipes, suites. Values only, no places."""
