"""OKX as the market runs it: its wire format over what it lists."""
