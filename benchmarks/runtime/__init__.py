"""What a service costs in Lambda's own runtime: its start, and a whole handler on a table."""
