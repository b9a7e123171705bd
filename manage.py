#!/usr/bin/env python
"""Django's command line: `manage.py serve`, `migrate`, `createsuperuser` and the others."""

import os
import sys

from django.core.management import execute_from_command_line
from environs import EnvError

from modelserver import ServerSettingsError
from storaiteller_site.secret import DataFolderError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storaiteller_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except (DataFolderError, EnvError, ServerSettingsError) as error:
        sys.exit(str(error))
