"""A recipe as a DSPy program: signatures, predictors, optimizers. The home of DSPy."""
