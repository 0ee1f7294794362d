"""Budgets of campaigns on any platforms: where the next unit of money brings most, planned and carried out safely."""
