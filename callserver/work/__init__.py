"""What happens because of facts, later and surely. Knows the store, not the switch nor the screens."""
