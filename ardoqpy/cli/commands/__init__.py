"""What the commands of `ardoqpy` do; `ardoqpy.cli.main` lists them with their options."""
