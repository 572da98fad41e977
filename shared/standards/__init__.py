"""Values as the national standards define them: numbers, codes, names, dates, money and working days."""
