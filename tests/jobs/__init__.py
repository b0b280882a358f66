"""Jobs: no item lost, none recorded twice."""
