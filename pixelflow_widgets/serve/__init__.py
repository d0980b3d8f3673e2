"""Flows over HTTP: app, jobs, keys, webhooks, MCP. Nothing is here yet."""
