"""Private PostgreSQL and RabbitMQ servers: own port, own temporary folder, gone with the test run."""
