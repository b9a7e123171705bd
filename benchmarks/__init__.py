"""What `make bench` runs; results and method are in benchmarks/README.md."""
