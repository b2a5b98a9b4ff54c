import { partOrSkip } from '../real/parts.ts';
import { overcomesTroubles } from './troubled-server.ts';

for (const server of ['redis-server-6.0', 'redis-server-8', 'valkey-server-8', 'valkey-server-9'] as const) {
  if ((await partOrSkip(server)) !== undefined) overcomesTroubles(server);
}
