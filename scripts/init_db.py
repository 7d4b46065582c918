"""Create the database, or bring it up to date: ``python manage.py init-db``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gatehouse.commands import main

if __name__ == "__main__":
    sys.exit(main(["init-db", *sys.argv[1:]]))
