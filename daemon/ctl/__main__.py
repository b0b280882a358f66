"""`python -m daemon.ctl`: failoverctl where it is not installed."""

import sys

from daemon.ctl import main

sys.exit(main())
