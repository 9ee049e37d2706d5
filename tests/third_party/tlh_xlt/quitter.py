"""A module that ends the process that imports it, and talks while doing so."""

import sys

print("goodbye")
sys.exit(3)
