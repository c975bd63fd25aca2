"""What a process holds: the account in use, the sandbox, the names that are known."""
