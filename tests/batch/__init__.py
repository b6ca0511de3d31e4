"""One recipe over many inputs."""
