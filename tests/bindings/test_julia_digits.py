from digits import digits_tests
from languages import SOURCE

globals().update(digits_tests("julia", SOURCE / "examples/julia/train_digits.jl"))
