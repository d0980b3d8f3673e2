"""Flows as code, notebooks and diagrams, and code as flows. Nothing is here yet."""
