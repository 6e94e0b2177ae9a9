"""What gunicorn serves."""
import logging
import sys

from dashboard import create_app
from dashboard.settings import SettingsError, load_settings

try:
    app = create_app(load_settings())
except SettingsError as problem:
    for line in str(problem).splitlines():
        logging.getLogger("dashboard").error(line)
    # 4 is gunicorn's own code for "the application can't be loaded": its master stops instead of trying again for ever
    sys.exit(4)
