import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { grpcConnection } from '../../src/sync/grpc-connection.ts';
import { freePort } from '../real/scratch.ts';

test('a control plane that is not there is told in one clause', async () => {
  const port = await freePort();
  const connection = grpcConnection(`http://127.0.0.1:${port}`, undefined, systemClock);
  await expect(connection.join('token', 'node', '1')).rejects.toMatchObject({
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
  });
  connection.close();
});
