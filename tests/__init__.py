"""What libraries read when they are imported, and workers inherit: no test asks the hub, and none wants many threads.

The same seed gives other pixels on another number of threads; and threads that wait for each other crawl on a busy
machine.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
