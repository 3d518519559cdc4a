"""Full screens: the run, its summary, help, and the file picker."""
