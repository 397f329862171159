"""A real Slurm cluster on this one machine, for development and tests (docs/runbooks/slurm.md)."""
