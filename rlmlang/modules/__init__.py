"""DSPy's only home: every prompt is a predictor, every model is reached through an engine."""
