import pytest

pytest.register_assert_rewrite("tests.scenarios.desk", "tests.scenarios.steps_grants")
