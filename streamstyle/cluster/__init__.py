"""One film over many machines: pieces of it are painted by workers, and joined by stream copy (docs/cluster.md)."""
