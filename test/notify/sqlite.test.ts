import { join } from 'node:path';
import { describe } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { tellsPeople } from './telling.ts';

describe('events for people on SQLite', () => {
  const newPlace = async () => ({ dataDir: join(scratchFolder('notify'), 'data'), databaseUrl: undefined });
  tellsPeople(newPlace);
});
