"""What is DONE: plan config, pure stages, engine, delivery, command line."""
