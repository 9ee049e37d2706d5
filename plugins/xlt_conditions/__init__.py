"""The conditions that ship with xlt; each uses the plugin contract only."""
