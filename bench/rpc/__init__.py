"""What a command costs over RPC, beside an echo of plain nameko."""
