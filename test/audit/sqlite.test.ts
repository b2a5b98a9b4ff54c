import { describe } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { eventsBehave } from './behaviour.ts';
import { auditsBoth } from './asking.ts';
import { trailIsRestored } from './restoring.ts';
import { tamperingIsFound } from './verifying.ts';

describe('the audit trail in SQLite', () => {
  const newPlace = async () => ({ dataDir: scratchFolder('audit'), databaseUrl: undefined });
  eventsBehave(newPlace);
  tamperingIsFound(newPlace);
  trailIsRestored(newPlace);
  auditsBoth(newPlace);
});
