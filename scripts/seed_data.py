"""Add the demo data: ``python manage.py seed-demo``."""

import sys
from pathlib import Path

from flask.cli import FlaskGroup

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from gatehouse.app import create_app

    FlaskGroup(create_app=create_app).main(args=["seed-demo", *sys.argv[1:]])
