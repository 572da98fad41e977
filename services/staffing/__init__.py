"""Staffing owns the union's own workers: posts, services rendered, activities and who may do what."""
