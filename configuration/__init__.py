"""What the owner has chosen: the settings file, the environment, and the first set-up."""
