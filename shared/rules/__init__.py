"""What every rule is made of: messages, deciders, context, parameters, refusals and personal values; all of it pure."""
