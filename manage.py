#!/usr/bin/env python
"""``python manage.py X`` is ``flask X``."""

import sys

from flask.cli import FlaskGroup

from gatehouse.app import create_app
from gatehouse.core.settings import SettingsRefused

if __name__ == "__main__":
    try:
        FlaskGroup(create_app=create_app)()
    except SettingsRefused as refusal:
        sys.exit(str(refusal))
