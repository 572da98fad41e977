"""The log's promises, tested from outside: order, once only, turns, races, lost connections, crashes."""
