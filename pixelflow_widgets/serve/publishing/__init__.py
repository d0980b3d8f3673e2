"""Publishing a flow: frozen versions, the reasons against them, and how much work they may be asked for."""
