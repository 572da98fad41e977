"""The bus: events leave by the relay, arrive in replicas, and travel without a broker when embedded."""
