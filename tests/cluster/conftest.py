import os

import pytest

# A driver that was killed does not hold its nodes for long; read when Ray is imported.
os.environ["RAY_DATA_AUTOSCALING_REQUEST_EXPIRE_TIME_S"] = "3"
os.environ["RAY_DATA_MIN_GAP_BETWEEN_AUTOSCALING_REQUESTS"] = "1"

pytest.importorskip("ray")
