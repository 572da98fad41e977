"""What the bus is measured by: services in processes as in production, on RabbitMQ or embedded."""
