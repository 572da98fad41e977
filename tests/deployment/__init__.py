"""The deployment that docker-compose.yml names, tried on the tests' private servers."""
