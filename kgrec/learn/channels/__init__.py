"""Item-item matrices in closed form, made without torch."""
