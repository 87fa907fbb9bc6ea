from scenarios import scenario_tests
results, test_scenario = scenario_tests("cpp")
