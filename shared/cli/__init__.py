"""The command line ``gonghui``: what officials, operators and auditors ask of the services' stores."""
