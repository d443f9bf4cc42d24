raise SystemExit("importing a template must not run it")
