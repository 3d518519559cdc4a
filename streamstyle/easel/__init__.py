"""What is to be known and seen of a film and a style before a run; answered by a process of its own."""
