from digits import digits_tests
from languages import SOURCE

globals().update(digits_tests("python", SOURCE / "examples/python/train_digits.py"))
