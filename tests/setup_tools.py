"""Programs that tools/setup installs. Without one a test fails, unless set-up was told to install nothing (OARLOCK_DEPS)."""
import os
import pathlib
import re
import shutil

import pytest


def require_tool(name):
    if shutil.which(name) is not None:
        return
    cache = (pathlib.Path(os.environ["OARLOCK_BUILD"]) / "CMakeCache.txt").read_text()
    deps = re.search(r"^OARLOCK_DEPS:\w+=(.*)$", cache, re.M).group(1)
    if re.search(r"/oarlock/deps-\d+$", deps):
        pytest.fail(f"{name} is not installed; tools/setup installs it")
    pytest.skip(f"{name} is not installed, and the dependencies are not of tools/setup but in {deps}")
