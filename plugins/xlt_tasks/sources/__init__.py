"""Where rows come from: a folder in XTREME's layout, or a repository on the hub."""
