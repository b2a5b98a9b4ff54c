import { describe } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { backupBehaves } from './backup-behaviour.ts';
import { registryBehaves } from './behaviour.ts';
import type { NewPlace } from './fixture.ts';

describe('the log in SQLite', () => {
  const newPlace: NewPlace = async () => ({ dataDir: scratchFolder('registry'), databaseUrl: undefined });
  registryBehaves(newPlace);
  backupBehaves(newPlace);
});
