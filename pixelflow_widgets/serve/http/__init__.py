"""HTTP: what a request passes, the routes, and how they are described."""
