"""docs/scenarios.md tells the results of the scenario tests that ran before (ctest orders them so)."""
import matrix
from languages import require_all


def test_the_page_is_what_the_tests_gave():
    require_all()
    assert matrix.PAGE.read_text() == matrix.page(), "run tests/bindings/matrix.py"
