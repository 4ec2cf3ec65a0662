"""Stand-ins for the services that Easel talks to, for the demo, the tests and the benchmarks."""
