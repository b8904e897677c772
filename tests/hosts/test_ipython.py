"""`%load_ext juliette`, in a process where nothing else of Juliette has been loaded before."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOWN = [
    ("np.ones((1, 2))", "True", "1×2 Matrix{Float64}:\n 1.0  1.0"),
    ("np.array([1, 2])", "False", "[1, 2]"),
    ("np.float32(0.5)", "None", "0.5f0"),
]


@pytest.mark.parametrize(("value", "alone", "text"), SHOWN)
def test_the_first_value_shown(value: str, alone: str, text: str) -> None:
    code = f"""
import numpy as np
from juliette.ipython import array_text, scalar_text

alone = {alone}
print(scalar_text({value}) if alone is None else array_text({value}, alone=alone))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.rstrip() == text, done.stderr
