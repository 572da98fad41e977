"""A measured process: a client on RabbitMQ that sends a roster, with nameko's own proxy."""

if __name__ == "__main__":
    import eventlet

    eventlet.monkey_patch()

from nameko.standalone.rpc import ClusterRpcProxy

from bench.membership.roster import found_district, measured, rows
from bench.processes import given, tell, wait_for_start

CALL_SECONDS_MAX = 60


def main() -> None:
    chosen = given()
    sent = rows(0, chosen["rows"])
    context = {"auth_token": chosen["token"]}
    settings = {"AMQP_URI": chosen["bus_url"]}
    with ClusterRpcProxy(settings, context_data=context, timeout=CALL_SECONDS_MAX) as proxy:
        found_district(proxy.membership)
        wait_for_start()
        tell(**measured(proxy.membership, sent))


if __name__ == "__main__":
    main()
