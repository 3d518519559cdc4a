"""The stages of the pipeline: iterators with memory, one file each."""
