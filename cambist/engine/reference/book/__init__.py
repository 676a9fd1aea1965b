"""Order books as their venues tell them."""
