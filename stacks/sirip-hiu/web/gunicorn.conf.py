"""Gunicorn's settings, and its way out: 404 on /healthz for a while, serving on, before it stops gracefully."""
import os
import signal
import threading

from dashboard import draining
from dashboard.settings import read_drain_seconds

bind = f"0.0.0.0:{os.environ.get('PORT', '5000')}"
worker_class = "gthread"
workers = 2
threads = 8
# Longer than the balancer keeps an idle connection for reuse, else it would send work into a closing one.
keepalive = 75
# For requests that are under way when the listener closes; drain + this stays under the stack's stop_grace_period.
graceful_timeout = 30
timeout = 60
# The heartbeat of the workers is a file: in memory, not on a disk that may be slow.
worker_tmp_dir = "/dev/shm"
# Only balancers reach this port; the application itself decides what to take from their headers.
forwarded_allow_ips = "*"
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"class": "dashboard.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "propagate": True}},
}


def on_starting(server):
    """Gunicorn drops connections that it hasn't accepted yet when it stops, so it must be out of the rotation before."""
    stop_gracefully = server.handle_term

    def drain_then_stop():
        if draining.begun():
            stop_gracefully()
        draining.begin()
        timer = threading.Timer(read_drain_seconds(), os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()

    server.handle_term = drain_then_stop
