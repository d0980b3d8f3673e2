"""What each address answers, one file a group; every module has a `router`."""
