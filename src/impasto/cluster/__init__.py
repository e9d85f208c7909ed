"""More photos and films than one machine paints: Ray spreads them over many (extra ``cluster``)."""

import os

# Ray reads these when it is imported. It sends nothing to its makers; it is silent of what it mends
# by itself; and what a driver that was killed had asked for is free for the next one after half a
# minute, not three.
for _name, _value in {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_AUTOSCALING_REQUEST_EXPIRE_TIME_S": "30",
}.items():
    os.environ.setdefault(_name, _value)
