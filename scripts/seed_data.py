"""Add the demo data: ``python manage.py seed-demo``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gatehouse.commands import main

if __name__ == "__main__":
    sys.exit(main(["seed-demo", *sys.argv[1:]]))
