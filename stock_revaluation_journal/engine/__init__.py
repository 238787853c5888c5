"""Arithmetic of a revaluation, in plain Python: it imports nothing from Odoo."""
