"""Reaching models: every request goes through a stack of engines, to a provider or the reader."""
