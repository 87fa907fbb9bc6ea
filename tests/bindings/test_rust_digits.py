from digits import digits_tests
from languages import SOURCE

globals().update(digits_tests("rust", SOURCE / "examples/rust/train_digits.rs"))
