"""What the commands of `ardoqpy-sync` do; `ardoqpy_sync.cli.main` lists them with their options."""
