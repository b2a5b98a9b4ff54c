import { partOrSkip } from '../real/parts.ts';
import { overcomesTroubles } from './troubled-server.ts';

// The machine's own Redis, and 6.2, whose scripts wrap what their commands answer. All others: the slow suite.
for (const server of ['redis-server-6.2', 'redis-server'] as const) {
  if ((await partOrSkip(server)) !== undefined) overcomesTroubles(server);
}
