"""What an adapter costs beside a bare client and beside the vendor's SDK; see `benchmarks/README.md`."""
