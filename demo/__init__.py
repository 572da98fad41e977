"""The demonstration: a small district lives through its main events, end to end, on real stores."""
