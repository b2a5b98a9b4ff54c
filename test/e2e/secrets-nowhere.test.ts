import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';
import { openSecretPlane } from './secret-plane.ts';
import { contentsOf, tellsNoSecret } from './secrets-nowhere.ts';

test('no secret leaves a control plane on SQLite, wherever one is put', async () => {
  const folder = scratchFolder('secrets-nowhere');
  const dataDir = join(folder, 'data');
  const plane = await openSecretPlane(folder, (options) => startControlPlane(dataDir, undefined, options));
  try {
    await tellsNoSecret(plane, async () => contentsOf(dataDir, /control\.db/));
  } finally {
    await plane.stop();
  }
  expect(plane.told.size).toBeGreaterThan(40);
}, 120_000);
