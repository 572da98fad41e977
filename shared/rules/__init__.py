"""What rules are made of, all of it pure: messages, deciders, context, parameters, refusals."""
