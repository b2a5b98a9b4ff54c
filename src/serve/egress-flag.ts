import { isEgressAllow } from '../egress/rules.ts';
import { list } from '../flags.ts';

/** What documents may reach of this machine: of every command that reads documents. */
export const egressAllow = list(
  [],
  'HOST|CIDR',
  'loopback that URLs in documents may reach, with :PORT for that port alone, such as localhost:8080; repeatable',
  (given) =>
    isEgressAllow(given)
      ? undefined
      : 'expected a host, an address or a network, with or without a port, such as localhost:8080 or 127.0.0.0/8; link-local addresses are never reached',
);
