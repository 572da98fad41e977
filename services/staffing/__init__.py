"""Staffing owns the union's own workers: stations, hiring, assignments, and who may do what."""
