"""What the tests share: shells, kernels, browsers, inputs; no tests."""
