import type { Issuer } from './issuer.ts';
import { Clients } from './mixed-clients.ts';
import type { ClientsPorts } from './mixed-clients.ts';
import { kindsOf } from './mixed-kinds.ts';
import type { Seen } from './mixed-kinds.ts';

export interface TrafficPorts extends ClientsPorts {
  readonly issuer: Issuer;
}

const CONNECTIONS = 32;

/**
 * Sends requests of all kinds in a mixed order.
 * @param count at least 1,000, so that there are some of each kind
 */
export async function mixedTraffic(count: number, ports: TrafficPorts): Promise<readonly Seen[]> {
  const clients = new Clients(ports);
  const kinds = await kindsOf(clients, ports.issuer);
  const shares = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const planned = kinds.map((kind) => Math.floor((kind.count * count) / shares));
  planned[0] = (planned[0] ?? 0) + count - planned.reduce((sum, each) => sum + each, 0);
  // Each kind is spread over the whole time.
  const order = kinds
    .flatMap((kind, at) =>
      Array.from({ length: planned[at] ?? 0 }, (_, number) => ({
        kind,
        number,
        at: (number + 0.5) / (planned[at] ?? 1),
      })),
    )
    .toSorted((one, other) => one.at - other.at);
  const seen: Seen[] = [];
  let next = 0;
  const sendOn = async (): Promise<void> => {
    for (let each = order[next++]; each !== undefined; each = order[next++]) {
      const { kind, number } = each;
      const ending = await kind.send(number);
      const counted = kind.counted(ending);
      if (!kind.statuses.includes(ending.status)) {
        throw new Error(`${JSON.stringify(counted)} of ${kind.statuses.join(' or ')} ended with ${ending.status}`);
      }
      const nobody = { api: '', client: '', tier: '', method: 'GET', reason: '', outcome: 'processed' };
      seen.push({ ...nobody, ...counted, status: ending.status, grpcStatus: ending.grpcStatus });
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, sendOn));
  } finally {
    clients.close();
  }
  return seen;
}
