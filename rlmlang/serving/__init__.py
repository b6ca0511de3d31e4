"""Recipes as tools of agents: what is offered, what may be read and spent, what is answered."""
