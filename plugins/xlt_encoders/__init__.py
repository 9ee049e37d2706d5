"""The encoders that ship with xlt; each is found through the entry points `xlt.encoders`."""
