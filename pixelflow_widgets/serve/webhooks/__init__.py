"""Webhooks: who is told, at which addresses, and until it has arrived."""
