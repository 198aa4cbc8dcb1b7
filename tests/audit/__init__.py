"""What a browser says of every page: faults of accessibility, refused content, errors, sideways scroll, weight."""
