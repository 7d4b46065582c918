#!/usr/bin/env python
"""``python manage.py X`` is ``flask X``."""

import sys

from gatehouse.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
