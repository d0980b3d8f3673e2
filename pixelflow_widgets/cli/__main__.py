"""`python -m pixelflow_widgets.cli` is `pixelflow`."""

from . import main

main()
