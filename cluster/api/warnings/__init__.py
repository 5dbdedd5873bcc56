"""What clients are warned of: accepted, but seldom meant, or on its way out."""
