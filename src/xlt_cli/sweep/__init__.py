"""Many runs from one spec: which they are, and running them."""
