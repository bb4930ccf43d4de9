"""What is remembered on disk between runs: the project folder, receipts, fingerprints, the lock."""
